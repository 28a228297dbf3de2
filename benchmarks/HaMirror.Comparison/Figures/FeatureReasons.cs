using System.Collections.Immutable;

namespace HaMirror.Comparison.Figures;

/// <summary>Why the data path does without these.</summary>
internal static class FeatureReasons
{
    private const string Text = """

        * **Splice.** A write's bytes are needed in memory: they are summed before they are sent, must not change while a guest goes on with its
          buffer, and go to the disk past the page cache. What was spliced has to be read out of the pipe again.
        * **Cloned `/dev/fuse` descriptors, several reading threads.** One thread owns a module's requests, so that nothing is locked and one
          look takes a whole batch. More readers copy large writes side by side and make smaller batches of small ones.
        * **Zero-copy send.** Between two name spaces the kernel copies all the same, and then tells of it; on a network card it spares one of
          six copies of a large write and costs a wait for its memory, which is for the owner of such a card to measure.
        * **FUSE over io_uring.** It loses as often as it wins (four threads with one request each gain, depth 16 loses half) and needs a module
          parameter (`fuse.enable_uring`) that only the host's owner can set.
        * **Passthrough** is used where `passthrough="on"` says so: see `docs/configuration.md`.

        """;

    /// <summary>Nothing without figures.</summary>
    public static string Of(ImmutableArray<FigureRow> rows) => rows.IsDefaultOrEmpty ? "" : Text.ReplaceLineEndings("\n");
}
