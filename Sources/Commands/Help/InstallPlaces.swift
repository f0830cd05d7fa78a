// SPDX-License-Identifier: Apache-2.0

import BuildEngine

/// Where files for other programs are put.
///
/// Source: XDG Base Directory Specification; bash-completion's README, "FAQ"; fish, "Where to put completions"; man(1).
struct InstallPlaces {
    private let environment: EngineEnvironment

    init(_ environment: EngineEnvironment) { self.environment = environment }

    /// The folder of a shell's completions.
    func completions(of shell: ShellName) -> String {
        switch shell {
        case .bash: data + "/bash-completion/completions"
        case .zsh: data + "/zsh/site-functions"
        case .fish: environment.uid == 0 ? data + "/fish/vendor_completions.d" : configuration + "/fish/completions"
        }
    }

    /// The folder of the manual's first section.
    var manual: String { data + "/man/man1" }

    private var data: String {
        environment.uid == 0 ? "/usr/local/share" : folder("XDG_DATA_HOME", below: ".local/share")
    }

    private var configuration: String { folder("XDG_CONFIG_HOME", below: ".config") }

    private func folder(_ variable: String, below home: String) -> String {
        if let given = environment.variables[variable], given.hasPrefix("/") { return given }
        return (environment.variables["HOME"] ?? "/") + "/" + home
    }
}
