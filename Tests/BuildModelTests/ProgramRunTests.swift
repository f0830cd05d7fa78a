// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@Suite("Programs that are asked")
struct ProgramRunTests {
    @Test("get their input, and give output, exit code and complaint back")
    func streams() throws {
        let script = "tr a-z A-Z; echo first >&2; echo second >&2; exit 3"
        let ended = try ProgramRun("sh", ["-c", script], input: Array("word".utf8))
        #expect(ended.code == 3 && !ended.isSuccess)
        #expect(ended.output == Array("WORD".utf8))
        #expect(ended.complaint == "first; second")
        #expect(try ProgramRun("sh", ["-c", "kill -9 $$"]).code == 137)
        let large = try ProgramRun("head", ["-c", "3000000", "/dev/zero"], limit: 1 << 20)
        #expect(large.isSuccess && large.output.count == 1 << 20, "no stream fills up, and no more is kept")
    }

    @Test("that are not there are said")
    func absent() {
        let error = #expect(throws: SystemCallError.self) { try ProgramRun("reel-no-such-program", []) }
        #expect(error?.description.contains("reel-no-such-program") == true)
    }
}
