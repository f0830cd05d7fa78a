// SPDX-License-Identifier: Apache-2.0

/// The variables of a stage as far as the file alone tells them: ARG and ENV, without the base image's.
///
/// `COPY --from=$X` is decided with them, before any image is resolved.
struct StageScope {
    let settings: TargetSettings
    let lexer: ShellLexer
    private var variables = VariableList()

    init(settings: TargetSettings, lexer: ShellLexer) {
        self.settings = settings
        self.lexer = lexer
    }

    /// Expands the name of a stage, an image or a context; every variable in it must be set.
    func expand(_ text: String) throws(ExpansionError) -> String {
        let result = try lexer.expand(text, lookup: { variables[$0] ?? settings.globals[$0] })
        if let missing = result.unmatched.first, !text.contains(":-"), !text.contains("-}") {
            throw ExpansionError(message: "'$\(missing)' is not set by an ARG or ENV of this file", offset: 0)
        }
        if result.text.isEmpty { throw ExpansionError(message: "the name '\(text)' is empty", offset: 0) }
        return result.text
    }

    /// Takes over what an instruction sets.
    mutating func read(_ instruction: Instruction) {
        switch instruction {
        case .arg(let arg):
            for argument in arg.arguments {
                if let given = settings.arguments[argument.name.text] {
                    variables.set(argument.name.text, given)
                } else if let value = argument.value {
                    set(argument.name.text, value.text)
                } else if let global = settings.globals[argument.name.text] {
                    variables.set(argument.name.text, global)
                }
            }
        case .env(let env):
            let before = variables
            for variable in env.variables {
                guard let key = try? lexer.expand(variable.key.text, lookup: { before[$0] }),
                    let value = try? lexer.expand(variable.value.text, lookup: { before[$0] })
                else { continue }
                variables.set(key.text, value.text)
            }
        default: break
        }
    }

    private mutating func set(_ name: String, _ value: String) {
        let before = variables
        if let text = try? lexer.expand(value, lookup: { before[$0] }) { variables.set(name, text.text) }
    }
}
