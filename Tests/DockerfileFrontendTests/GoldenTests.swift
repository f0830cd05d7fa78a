// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import LLB
import Testing

@testable import DockerfileFrontend

/// Folders of `Cases/`: a `Dockerfile`, and what comes out of it in `lowered.txt` and `ast.json`.
///
/// With `REEL_WRITE_GOLDEN=1` in the environment the files are written instead of compared. A first line
/// `# request: target=x arg:NAME=VALUE platform=os/arch …` changes the request.
@Suite("Golden files")
struct GoldenTests {
    static let folder = String(#filePath.dropLast("GoldenTests.swift".count)) + "Cases"

    static let cases: [String] = {
        guard let directory = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }()

    static func read(_ path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    static func write(_ text: String, _ path: String) {
        guard let file = unsafe fopen(path, "w") else { return }
        unsafe fwrite(text, 1, text.utf8.count, file)
        unsafe fclose(file)
    }

    static func apply(_ text: String, _ request: inout DockerfileRequest) {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("# request:") }) else { return }
        for option in line.dropFirst("# request:".count).split(separator: " ") {
            let sides = option.split(separator: "=", maxSplits: 1).map(String.init)
            let value = sides.count > 1 ? sides[1] : ""
            switch sides[0] {
            case "target": request.target = value
            case "platform": request.targetPlatforms.append((try? Platform(parsing: value, host: amd64)) ?? amd64)
            case "multi": request.isMultiPlatform = true
            case "nocache": request.noCache = .everything
            case "nomerge": request.allowsMerge = false
            case "filter": request.noCache = .stages([value])
            case "label": request.labels["given"] = value
            case "allow": request.entitlements.insert(value)
            case "network": request.network = DockerfileRequest.NetworkChoice(rawValue: value) ?? .sandbox
            case "exclude": request.contextExcludes.append(value)
            case "epoch": request.created = Timestamp(seconds: Int64(value) ?? 0)
            case "epochenv": request.epochInEnvironment = Int64(value)
            case "shm": request.shmSize = Int64(value) ?? 0
            case "host": request.extraHosts = [DockerfileRequest.ExtraHost(host: value, address: "10.0.0.1")]
            case "ulimit": request.ulimits = [DockerfileRequest.Ulimit(name: value, soft: 1, hard: 2)]
            case "context": request.context = ContextSource(parsing: value, name: "context")
            case let key where key.hasPrefix("arg:"):
                request.buildArguments[String(key.dropFirst(4))] = .some(sides.count > 1 ? value : nil)
            case let key where key.hasPrefix("env:"): request.environment[String(key.dropFirst(4))] = value
            case let key where key.hasPrefix("context:"):
                let name = String(key.dropFirst(8))
                request.namedContexts[name] = ContextSource(parsing: value, name: name)
            default: Issue.record("unknown option \(option)")
            }
        }
    }

    @Test("Lowering gives what is kept", arguments: cases)
    func lowering(name: String) async throws {
        let folder = "\(Self.folder)/\(name)"
        let source = try #require(Self.read("\(folder)/Dockerfile"))
        let text = String(decoding: source, as: UTF8.self)
        var actual: String
        do {
            let result = try await DockerfileFrontendTests.lower(text) { Self.apply(text, &$0) }
            actual = dump(result)
            for definition in result.platforms.compactMap(\.definition) {
                #expect(try Definition(decoding: definition.encoded).vertices == definition.vertices)
            }
        } catch {
            actual = "error \(error)\n"
        }
        try compare(actual, "\(folder)/lowered.txt")
        guard let tree = try? DockerfileFrontend.parse(source) else { return }
        try compare(tree.json.canonicalText + "\n", "\(folder)/ast.json")
    }

    private func compare(_ actual: String, _ path: String) throws {
        if unsafe getenv("REEL_WRITE_GOLDEN") != nil { return Self.write(actual, path) }
        let expected = Self.read(path).map { String(decoding: $0, as: UTF8.self) }
        #expect(actual == expected, "\(path); rewrite with REEL_WRITE_GOLDEN=1")
    }
}
