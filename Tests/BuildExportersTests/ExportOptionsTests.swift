// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import OCIModel
import Testing

@Suite("Checked export options")
struct ExportOptionsTests {
    private func options(_ text: String, tags: [String] = []) throws -> ExportOptions {
        try ExportOptions(
            ExportSpecification(parsing: text),
            defaultNames: tags.map { try ImageReference(parsing: $0) },
            host: Platform(os: "linux", architecture: "amd64")
        )
    }

    @Test("have BuildKit's defaults")
    func defaults() throws {
        let oci = try options("type=oci,dest=x.tar")
        #expect(oci.compression == .gzip(level: nil))
        #expect(oci.ociMediaTypes && oci.tar && !oci.rewriteTimestamp && !oci.forceCompression)
        #expect(oci.destination == .path("x.tar"))
        #expect(try options("type=docker,dest=-").destination == .standardOutput)
        #expect(try options("type=image,name=a").compression == .uncompressed)
        #expect(try options("type=registry,name=a").push)
        #expect(try !options("type=image,name=a").push)
    }

    @Test("read every key")
    func keys() throws {
        let all = try options(
            "type=oci,dest=d,tar=false,\"name=a:1,localhost:5000/b\",compression=zstd,compression-level=7,"
                + "force-compression=true,oci-mediatypes=1,rewrite-timestamp=true,annotation.k=v,"
                + "annotation-manifest-descriptor[linux/arm64].d=w,annotation-index.i=x"
        )
        #expect(all.names.map(\.description) == ["docker.io/library/a:1", "localhost:5000/b:latest"])
        #expect(all.compression == .zstd(level: 7))
        #expect(!all.tar && all.forceCompression && all.rewriteTimestamp)
        let arm = Platform(os: "linux", architecture: "arm64")
        #expect(all.annotations.annotations(at: .manifest, platform: arm) == ["k": "v"])
        #expect(all.annotations.annotations(at: .manifestDescriptor, platform: arm) == ["d": "w"])
        #expect(all.annotations.annotations(at: .manifestDescriptor) == [:])
        #expect(all.annotations.annotations(at: .index) == ["i": "x"])
    }

    @Test("take the names of --tag, unless name= is given")
    func names() throws {
        #expect(try options("type=oci,dest=x", tags: ["hello:1"]).names.map(\.familiar) == ["hello:1"])
        #expect(try options("type=oci,dest=x,name=b", tags: ["hello:1"]).names.map(\.familiar) == ["b:latest"])
    }

    static let bad = [
        "type=zip,dest=x", "type=oci", "type=oci,dest=x,what=1", "type=oci,dest=x,tar=perhaps", "type=local,dest=-",
        "type=oci,dest=-,tar=false", "type=image", "type=containerd", "type=oci,dest=x,compression=lzma",
        "type=oci,dest=x,compression=zstd,oci-mediatypes=false", "type=oci,dest=x,compression-level=many",
        "type=oci,dest=x,compression-level=23", "type=oci,dest=x,name=a/UPPER", "type=tar,dest=x,compression=gzip",
        "type=oci,dest=x,annotation-nowhere.a=b", "type=oci,dest=x,annotation[linux/x/y/z].a=b",
        "type=oci,dest=x,oci-mediatypes=false,annotation-index.a=b", "type=oci,dest=x,annotation.=b",
    ]

    @Test("are refused with one sentence where they are wrong", arguments: bad)
    func refuses(text: String) throws {
        let error = try #require(throws: ExportError.self) { try options(text) }
        #expect(error.kind == .usage)
        #expect(error.description.hasPrefix("--output: "))
        #expect(!error.description.contains("\n"))
    }
}
