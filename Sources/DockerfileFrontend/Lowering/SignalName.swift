// SPDX-License-Identifier: Apache-2.0

/// Names of signals.
///
/// Source: signal(7); github.com/moby/sys/signal, `ParseSignal`: a number from 1 on, or a name with or without SIG.
enum SignalName {
    static let all = [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
        "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
        "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
    ]

    static func isValid(_ text: String) -> Bool {
        if let number = Int(text) { return number > 0 && number <= 64 }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if all.contains(name) || name == "RTMIN" || name == "RTMAX" { return true }
        if name.hasPrefix("RTMIN+"), let offset = Int(name.dropFirst(6)) { return (1...15).contains(offset) }
        if name.hasPrefix("RTMAX-"), let offset = Int(name.dropFirst(6)) { return (1...14).contains(offset) }
        return false
    }
}
