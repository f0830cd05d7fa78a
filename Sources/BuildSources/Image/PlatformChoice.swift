// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel

/// Which manifest of an image index is meant for a platform.
public enum PlatformChoice {
    /// The best descriptor for `platform`: the very platform first, then older variants of the same architecture.
    ///
    /// Manifests of attestations and of unknown platforms are passed over; of equals the first wins. A descriptor
    /// without a platform fits every one, and less well than any that has one.
    ///
    /// Source: OCI image specification, "Image Index": the first matching entry should be used; containerd's
    /// `platforms.Only` for the variants.
    public static func choose(_ descriptors: [Descriptor], for platform: Platform) -> Descriptor? {
        let ranked = descriptors.enumerated().compactMap { index, descriptor in
            rank(descriptor, for: platform).map { (rank: $0, index: index, descriptor: descriptor) }
        }
        return ranked.min { ($0.rank, $0.index) < ($1.rank, $1.index) }?.descriptor
    }

    /// What is in `descriptors`, for a message, in their order and each once.
    public static func names(of descriptors: [Descriptor]) -> [String] {
        var seen: Set<String> = []
        return descriptors.filter { !isAttestation($0) }
            .compactMap { $0.platform?.description }
            .filter { seen.insert($0).inserted }
    }

    static func isAttestation(_ descriptor: Descriptor) -> Bool {
        descriptor.annotations["vnd.docker.reference.type"] != nil || descriptor.platform?.os == "unknown"
    }

    private static func rank(_ descriptor: Descriptor, for wanted: Platform) -> Int? {
        guard !isAttestation(descriptor) else { return nil }
        guard let offered = descriptor.platform else { return 1000 }
        guard offered.os == wanted.os, offered.architecture == wanted.architecture else { return nil }
        if !wanted.osVersion.isEmpty, !offered.osVersion.isEmpty, offered.osVersion != wanted.osVersion { return nil }
        let (mine, its) = (level(wanted), level(offered))
        guard its <= mine else { return nil }
        return mine - its
    }

    /// The number of a variant; 0 where it has none, which is the architecture's first.
    private static func level(_ platform: Platform) -> Int {
        Int(platform.variant.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
    }
}
