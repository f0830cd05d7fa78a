// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLBProto

extension PBExecOp {
    /// As Go's `encoding/json` writes it.
    var dumped: JSONValue {
        .make { object in
            if hasMeta { object.set("meta", meta.dumped) }
            object.list("mounts", mounts.map(\.dumped))
            object.number("network", network.rawValue)
            object.number("security", security.rawValue)
            object.list(
                "secretenv",
                secretenv.map { secret in
                    .make {
                        $0.text("ID", secret.id)
                        $0.text("name", secret.name)
                        $0.flag("optional", secret.optional)
                    }
                }
            )
            object.list(
                "cdiDevices",
                cdiDevices.map { device in
                    .make {
                        $0.text("name", device.name)
                        $0.flag("optional", device.optional)
                    }
                }
            )
        }
    }
}

extension PBMeta {
    fileprivate var dumped: JSONValue {
        .make { object in
            object.texts("args", args)
            object.texts("env", env)
            object.text("cwd", cwd)
            object.text("user", user)
            if hasProxyEnv { object.set("proxy_env", proxyEnv.dumped) }
            object.list(
                "extraHosts",
                extraHosts.map { host in
                    .make {
                        $0.text("Host", host.host)
                        $0.text("IP", host.ip)
                    }
                }
            )
            object.text("hostname", hostname)
            object.list(
                "ulimit",
                ulimit.map { limit in
                    .make {
                        $0.text("Name", limit.name)
                        $0.number("Soft", limit.soft)
                        $0.number("Hard", limit.hard)
                    }
                }
            )
            object.text("cgroupParent", cgroupParent)
            object.flag("removeMountStubsRecursive", removeMountStubsRecursive)
            object.list("validExitCodes", validExitCodes.map { .integer(Int64($0)) })
        }
    }
}

extension PBProxyEnv {
    fileprivate var dumped: JSONValue {
        .make {
            $0.text("http_proxy", httpProxy)
            $0.text("https_proxy", httpsProxy)
            $0.text("ftp_proxy", ftpProxy)
            $0.text("no_proxy", noProxy)
            $0.text("all_proxy", allProxy)
        }
    }
}

extension PBMount {
    fileprivate var dumped: JSONValue {
        .make { object in
            object.number("input", input)
            object.text("selector", selector)
            object.text("dest", dest)
            object.number("output", output)
            object.flag("readonly", readonly)
            object.number("mountType", mountType.rawValue)
            if hasTmpfsOpt { object.set("TmpfsOpt", .make { $0.number("size", tmpfsOpt.size) }) }
            if hasCacheOpt {
                object.set(
                    "cacheOpt",
                    .make {
                        $0.text("ID", cacheOpt.id)
                        $0.number("sharing", cacheOpt.sharing.rawValue)
                    }
                )
            }
            if hasSecretOpt {
                object.set(
                    "secretOpt",
                    Self.secret(secretOpt.id, [secretOpt.uid, secretOpt.gid, secretOpt.mode], secretOpt.optional)
                )
            }
            if hasSshopt {
                object.set("SSHOpt", Self.secret(sshopt.id, [sshopt.uid, sshopt.gid, sshopt.mode], sshopt.optional))
            }
            object.text("resultID", resultID)
            object.number("contentCache", contentCache.rawValue)
        }
    }

    private static func secret(_ id: String, _ numbers: [UInt32], _ optional: Bool) -> JSONValue {
        .make {
            $0.text("ID", id)
            for (name, number) in zip(["uid", "gid", "mode"], numbers) { $0.number(name, number) }
            $0.flag("optional", optional)
        }
    }
}
