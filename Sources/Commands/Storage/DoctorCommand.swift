// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildProgress
import Sandbox
import SystemPackage

/// Says what the machine offers.
struct DoctorCommand: ReelCommand {
    static let entersNamespaces = true
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this machine offers for running steps, what is used of it, and why.",
        discussion: "Ends with 1 when something is missing that steps need."
    )

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let engine = try store.engine(for: console)
        let probe = try await Offload.run { engine.doctor() }
        if form.json {
            for fact in probe.facts { console.print(fact.json) }
            console.print([
                "id": "driver", "good": true, "finding": .string(probe.driver), "reason": .string(probe.driverReason),
            ])
            console.print(["id": "root", "good": true, "finding": .string(engine.root.string)])
        } else {
            printText(probe, root: engine.root.string, on: console)
        }
        return probe.facts.allSatisfy(\.isGood) ? 0 : FaultKind.failed.exitCode
    }

    private func printText(_ probe: SandboxProbe, root: String, on console: Console) {
        let marks = console.style.inUnicode ? ("✔", "✘") : ("+", "x")
        var table = TextTable(["", "", ""])
        table.add([marks.0, "data root", root])
        for fact in probe.facts {
            table.add([fact.isGood ? marks.0 : marks.1, fact.name, fact.finding])
            if let remedy = fact.remedy { table.add(["", "", "to mend it: \(remedy)"]) }
        }
        table.add([marks.0, "layers", "driver '\(probe.driver)': \(probe.driverReason)"])
        for line in table.lines().dropFirst() { console.print(line) }
    }
}

extension SandboxProbe.Fact {
    /// The object that `reel doctor --json` prints.
    fileprivate var json: JSONValue {
        [
            "id": .string(name), "good": .boolean(isGood), "finding": .string(finding), "remedy": JSONValue(remedy),
        ]
    }
}
