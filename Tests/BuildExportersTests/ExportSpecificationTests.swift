// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import Testing

@Suite("What --output says")
struct ExportSpecificationTests {
    static let good: [(String, String, [String: String])] = [
        ("type=oci,dest=hello.tar", "oci", ["dest": "hello.tar"]),
        ("out", "local", ["dest": "out"]),
        ("./some/folder", "local", ["dest": "./some/folder"]),
        ("-", "tar", ["dest": "-"]),
        ("type=tar,dest=-", "tar", ["dest": "-"]),
        ("TYPE=image,NAME=a", "image", ["name": "a"]),
        ("type=image,\"name=a:1,b:2\"", "image", ["name": "a:1,b:2"]),
        ("type=image,\"annotation.x=say \"\"yes\"\"\"", "image", ["annotation.x": "say \"yes\""]),
        ("type=oci,annotation.Mixed.Case=v=w", "oci", ["annotation.Mixed.Case": "v=w"]),
        ("type=oci,annotation-index[linux/amd64].K=v", "oci", ["annotation-index[linux/amd64].K": "v"]),
        ("type=oci,dest=", "oci", ["dest": ""]),
    ]

    @Test("is read as docker and buildctl read it", arguments: good)
    func reads(text: String, type: String, attributes: [String: String]) throws {
        let specification = try ExportSpecification(parsing: text)
        #expect(specification.type == type)
        #expect(specification.attributes == attributes)
    }

    @Test(
        "is refused where it is wrong",
        arguments: [
            "", "dest=x", "type=", "type=oci,dest", "type=oci,=x", "type=oci,dest=a,dest=b", "type=oci,\"dest=a",
        ]
    )
    func refuses(text: String) {
        #expect(throws: ExportError.self) { try ExportSpecification(parsing: text) }
    }

    @Test("in two parts, as in July 2017, says the same")
    func exporterAndOptions() throws {
        var specification = ExportSpecification(type: "image")
        try specification.add("name=docker.io/moby/buildkit:dev")
        #expect(try specification == ExportSpecification(parsing: "type=image,name=docker.io/moby/buildkit:dev"))
        #expect(throws: ExportError.usage("'name' stands twice")) { try specification.add("name=other") }
    }
}
