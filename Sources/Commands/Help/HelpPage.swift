// SPDX-License-Identifier: Apache-2.0

/// The page that `reel --help` shows.
enum HelpPage {
    /// Whether a command line asks for this page and no other.
    static func isAskedFor(by words: [String]) -> Bool {
        words.isEmpty || (words.count == 1 && ["-h", "--help", "help"].contains(words[0]))
    }

    /// The page.
    static let text = """
        reel builds container images, and records every build so completely that it can be
        replayed, audited and verified later.

        USAGE
          reel COMMAND [OPTIONS]                'reel COMMAND --help' tells the rest

        BUILD
          build [PATH|-]            build a Dockerfile, or LLB from a file or a pipe
          dockerfile parse|lint     read a Dockerfile without building it
          context hash|diff         the hash of a directory as a build sees it

        LOOK BACK
          history ls|inspect|logs   builds, what was in them, what their steps printed
          history diff A B          what differs between two builds
          why [ID|STEP]             why a step was not cached
          export context-hash ID    the hash of what a build read
          log ls|rebuild|salvage    the events, as they are; what is left of a damaged log

        PROVE
          replay ID|FILE            run a recorded build again and compare every step
          rerun ID|FILE             build a recorded build again, from its record alone
          resume ID                 go on with a build that did not end well
          audit [ID]                verify the log and every blob that it names
          log checkpoint|prove|key  sign the log's head, prove events and growth to others
          export recording ID       a build with all that a replay needs, as one file
          import FILE               take such a file in, once everything in it is verified

        KEEP HOUSE
          image import|ls           images in reel's own store
          du, prune                 what takes space, and less of it
          doctor                    what this machine offers, and what is used of it
          completions, man          for your shell and for man(1)
          debug dump-llb|graph      look into a build's graph

        EXAMPLES
          reel build -t hello:1 .                                  build, and keep as hello:1
          reel build -o type=oci,dest=hello.tar .                  build into a file
          reel build --target test --progress plain .              one stage, all output
          my-llb-program | reel build --local src=. -o out         build a graph
          reel replay latest                                       does it repeat, bit for bit?
          reel history ls --status failed --since 2d               what went wrong lately?

        EXIT CODES
          0  done, or identical      2  wrong command line      10  a secret is missing
          1  failed                  8  a replay differs        11  needs a network
                                     9  material is missing     12  log or blob corrupt
                                                                13  a step was not cached
          130  stopped by you

        FILES
          $REEL_ROOT, else /var/lib/reel for root, else $XDG_DATA_HOME/reel: log, blobs, caches
          (an OCI image layout). --root names another.
        """
}
