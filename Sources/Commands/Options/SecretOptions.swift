// SPDX-License-Identifier: Apache-2.0

import BuildEngine

/// Secrets and agents, as docker's options name them; no value is read here.
enum SecretOptions {
    /// Reads `id=ID[,type=file|env][,src=FILE][,env=NAME]`.
    ///
    /// Without a source it is the variable of that name where there is one, else the file.
    ///
    /// Source: docker buildx, `util/buildflags/secrets.go`.
    static func secret(_ text: String, in console: Console) throws -> (id: String, source: SecretSource) {
        var fields = try KeyValue.fields(text, option: "--secret")
        let type = fields.removeValue(forKey: "type")
        let file = fields.removeValue(forKey: "src") ?? fields.removeValue(forKey: "source")
        let variable = fields.removeValue(forKey: "env")
        guard let id = fields.removeValue(forKey: "id") ?? file.map(lastComponent) ?? variable, !id.isEmpty else {
            throw UsageError("--secret \(text): it has no id")
        }
        if let unknown = fields.keys.min() { throw UsageError("--secret \(text): there is no field '\(unknown)'") }
        switch (type, file, variable) {
        case (nil, let file?, nil), ("file", let file?, nil):
            return (id, .file(console.environment.absolute(file)))
        case (nil, nil, let variable?), ("env", nil, let variable?), ("env", let variable?, nil):
            return (id, .variable(variable))
        case ("env", nil, nil): return (id, .variable(id))
        case ("file", nil, nil): return (id, .file(console.environment.absolute(id)))
        case (nil, nil, nil):
            let isSet = console.environment.variables[id] != nil
            return (id, isSet ? .variable(id) : .file(console.environment.absolute(id)))
        default: throw UsageError("--secret \(text): say either src=FILE or env=NAME")
        }
    }

    /// Reads `default` or `ID[=SOCKET]`; without a socket it is that of `SSH_AUTH_SOCK`.
    static func agent(_ text: String, in console: Console) throws -> (id: String, socket: String) {
        let (id, path) = KeyValue.split(text)
        if let path, !path.isEmpty { return (id, console.environment.absolute(path)) }
        guard let socket = console.environment.variables["SSH_AUTH_SOCK"], !socket.isEmpty else {
            throw UsageError("--ssh \(text): no agent runs (SSH_AUTH_SOCK is not set); name a socket with ID=SOCKET")
        }
        return (id, console.environment.absolute(socket))
    }

    private static func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
