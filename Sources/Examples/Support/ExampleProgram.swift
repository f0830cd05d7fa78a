// SPDX-License-Identifier: Apache-2.0

public import LLB
import SystemPackage

/// What the examples have in common: they make a graph, and write it to standard output.
public enum ExampleProgram {
    /// Writes the definition of the state that `make` gives; ends with one sentence and 2 where there is none.
    ///
    /// - Returns: The exit code.
    public static func write(_ make: () throws -> State) -> Int32 {
        do {
            _ = try FileDescriptor.standardOutput.writeAll(try make().marshal().encoded)
            return 0
        } catch {
            _ = try? FileDescriptor.standardError.writeAll("\(error)\n".utf8)
            return 2
        }
    }
}
