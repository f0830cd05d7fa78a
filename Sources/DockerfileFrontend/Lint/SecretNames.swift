// SPDX-License-Identifier: Apache-2.0

/// Tells names of variables that look like secrets.
///
/// Source: BuildKit, `dockerfile2llb/validations.go`, `getSecretsRegex`: one of the words between underscores, and none
/// of the harmless ones.
enum SecretNames {
    private static let words: Set<String> = [
        "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
    ]
    private static let harmless: Set<String> = ["public", "file", "version"]

    static func looksSecret(_ name: String) -> Bool {
        let parts = Set(name.lowercased().split(separator: "_").map(String.init))
        return !parts.isDisjoint(with: words) && parts.isDisjoint(with: harmless)
    }
}
