// SPDX-License-Identifier: Apache-2.0

/// The reading of `--ignore-file [CONTEXT=]FILE`.
enum IgnoreFileOption {
    /// The context that the file is for, `context` for the main one, and the file.
    static func parse(_ text: String) -> (context: String, file: String) {
        let (name, file) = KeyValue.split(text)
        guard let file, !name.isEmpty, !name.contains("/") else { return ("context", text) }
        return (name, file)
    }
}
