// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Runs a runtime under a supervisor process and reads what comes.
struct Supervision {
    let program: FilePath
    let arguments: [String]
    let pidFile: FilePath
    /// The directories of the control groups to start in, besides the server's.
    let groups: [FilePath]
    /// Whether the step server starts the supervisor, in its control group, and not this process.
    let isServed: Bool
    let clock: any WallClock
    let output: @Sendable (OutputChunk) -> Void

    /// Runs to the end, on a thread that may block.
    ///
    /// - Throws: `CancellationError` when `life` was over before it began, `SandboxError.supervisorLost`.
    func run(_ life: StepLife) throws -> reel_outcome {
        let (outputEnd, outputStart) = try FileDescriptor.reelPipe()
        defer { try? outputEnd.close() }
        let (errorEnd, errorStart) = try Self.pipe(closing: [outputStart])
        defer { try? errorEnd.close() }
        let (reportEnd, reportStart) = try Self.pipe(closing: [outputStart, errorStart])
        defer { try? reportEnd.close() }
        let (lifeEnd, lifeStart) = try Self.pipe(closing: [outputStart, errorStart, reportStart])
        let given = [outputStart, errorStart, reportStart, lifeEnd]
        let supervisor: pid_t?
        do {
            defer { for descriptor in given { try? descriptor.close() } }
            try life.hold(lifeStart)
            supervisor = try start(output: outputStart, error: errorStart, life: lifeEnd, report: reportStart)
        }
        let report = pump(outputEnd, errorEnd, report: reportEnd)
        while let supervisor, waitpid(supervisor, nil, 0) < 0, currentErrno() == EINTR {}
        guard let report else { throw SandboxError.supervisorLost }
        return report
    }

    private static func pipe(closing: [FileDescriptor]) throws -> (FileDescriptor, FileDescriptor) {
        do {
            return try FileDescriptor.reelPipe()
        } catch {
            for descriptor in closing { try? descriptor.close() }
            throw error
        }
    }

    private func start(
        output: FileDescriptor,
        error: FileDescriptor,
        life: FileDescriptor,
        report: FileDescriptor
    ) throws -> pid_t? {
        var files: [Int32] = []
        defer { for file in files { close(file) } }
        for group in groups {
            let path = group.appending("cgroup.procs").string
            let file = unsafe reel_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0)
            guard file >= 0 else { throw SystemCallError("open", path) }
            files.append(file)
        }
        return try unsafe CStrings.with(arguments) { arguments in
            try unsafe CStrings.with(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]) {
                environment in
                try unsafe CStrings.with(groups.map(\.string)) { paths in
                    var launch = unsafe reel_launch()
                    let program = unsafe strdup(self.program.string)
                    let pid = unsafe strdup(pidFile.string)
                    defer {
                        unsafe free(program)
                        unsafe free(pid)
                    }
                    unsafe launch.program = unsafe UnsafePointer(program)
                    unsafe launch.pid_file = unsafe UnsafePointer(pid)
                    unsafe launch.arguments = unsafe UnsafePointer(arguments)
                    unsafe launch.environment = unsafe UnsafePointer(environment)
                    unsafe launch.group_paths = unsafe UnsafeRawPointer(paths)
                        .assumingMemoryBound(to: UnsafePointer<CChar>?.self)
                    unsafe launch.output = output.rawValue
                    unsafe launch.error = error.rawValue
                    unsafe launch.life = life.rawValue
                    unsafe launch.report = report.rawValue
                    unsafe launch.group_count = Int32(files.count)
                    return try unsafe files.withUnsafeBufferPointer { files in
                        unsafe launch.groups = files.baseAddress
                        if isServed {
                            guard unsafe reel_request_step(&launch) == 0 else {
                                throw SystemCallError("sendmsg", "the process that starts steps")
                            }
                            return nil
                        }
                        let pid = unsafe reel_supervise(&launch)
                        guard pid > 0 else { throw SystemCallError("fork", "the process that watches a step") }
                        return pid
                    }
                }
            }
        }
    }
}
