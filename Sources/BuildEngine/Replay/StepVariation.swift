// SPDX-License-Identifier: Apache-2.0

import LLB
import Sandbox

/// Something about a step's surroundings that its result should not depend on.
///
/// What the step's definition itself sets (a variable, a host name) is part of the build and never varied. The wall clock
/// is none of these: it can't be set for one process without a library in the image, and every replay runs at another
/// moment anyway.
///
/// Source: reprotest, "Variations".
public enum StepVariation: String, Sendable, CaseIterable {
    /// The time zone: `TZ`.
    case timezone
    /// The language and the order of letters: `LANG`, `LC_ALL`, `LANGUAGE`.
    case locale
    /// The mode bits that new files don't get: 002 in place of 022.
    case umask
    /// The name of the machine.
    case hostname
    /// How many processors may be used: one.
    case cores
    /// The order in which directories list their entries, which is that of the file system below in place of bytes.
    case fileorder
    /// The home directory: `HOME`.
    case home
    /// A variable that nobody asked for.
    case environment

    /// Changes `step`, whose operation is `exec`.
    func apply(to step: inout ContainerStep, of exec: ExecOperation) {
        switch self {
        case .timezone: Self.set([("TZ", "REEL-13:45")], in: &step)
        case .locale:
            Self.set([("LANG", "fr_CH.UTF-8"), ("LC_ALL", "fr_CH.UTF-8"), ("LANGUAGE", "fr_CH:fr")], in: &step)
        case .umask: step.umask = 0o002
        case .hostname: if exec.process.hostname.isEmpty { step.hostname = "reel-varied" }
        case .cores: step.resources.cpus = "0"
        // Chosen with the driver that mounts the step's root.
        case .fileorder: break
        case .home: Self.set([("HOME", "/nonexistent/reel-varied")], in: &step)
        case .environment: Self.set([("REEL_VARIED", "a variable that nobody asked for")], in: &step)
        }
    }

    private static func set(_ variables: [(name: String, value: String)], in step: inout ContainerStep) {
        for (name, value) in variables where !step.env.contains(where: { $0.hasPrefix("\(name)=") }) {
            step.env.append("\(name)=\(value)")
        }
    }

    /// Why a machine with so many processors can't vary it; `nil` when it can.
    func obstacle(processors: Int) -> String? {
        self == .cores && processors < 2 ? "this machine has one processor only" : nil
    }
}
