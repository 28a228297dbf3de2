// What the command line of "pair resync" says.
using System.Globalization;

namespace HaMirror.Pair;

/// <summary>How the two replicas of a measured resync differ.</summary>
internal enum Difference
{
    /// <summary>Every byte.</summary>
    All,

    /// <summary>Every fourth extent of 4 KiB, by chance.</summary>
    Random,

    /// <summary>Nothing; all of it is compared.</summary>
    None,

    /// <summary>The target has no file; the source's is a hundred times as long as its data.</summary>
    Sparse,

    /// <summary>The target has no file.</summary>
    Absent,
}

/// <summary>A measurement of resyncs.</summary>
/// <param name="Directory">On the file system that is to be measured; two files of <paramref name="Bytes"/> and a journal are made there.</param>
internal sealed record ResyncArguments(string Directory, long Bytes, int Rounds, Difference Difference, bool Encryption, int Streams)
{
    /// <summary>As the configuration has it (nbrei).</summary>
    public const int StreamsUsual = 6;

    public const string Usage = """
        pair resync DIRECTORY [--mib N] [--rounds N] [--differ all|random|none|sparse|absent] [--tls] [--nbrei N]
          Resyncs a file of N MiB in DIRECTORY between two data paths in this process, with and without an undo record in turn,
          and prints each round, the medians and their ratio.
        """;

    /// <summary>Null: what was given makes no sense.</summary>
    public static ResyncArguments? Parse(string[] words)
    {
        if (words.Length < 2 || words[0] != "resync")
            return null;
        var parsed = new ResyncArguments(Path.GetFullPath(words[1]), 256L << 20, 5, Difference.All, false, StreamsUsual);
        for (var index = 2; index < words.Length; index++)
        {
            var next = index + 1 < words.Length ? words[index + 1] : "";
            var isNumber = int.TryParse(next, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0;
            switch (words[index])
            {
                case "--tls":
                    parsed = parsed with { Encryption = true };
                    continue;
                case "--mib" when isNumber:
                    parsed = parsed with { Bytes = (long)number << 20 };
                    break;
                case "--rounds" when isNumber:
                    parsed = parsed with { Rounds = number };
                    break;
                case "--nbrei" when isNumber:
                    parsed = parsed with { Streams = number };
                    break;
                case "--differ" when Enum.TryParse<Difference>(next, ignoreCase: true, out var difference):
                    parsed = parsed with { Difference = difference };
                    break;
                default:
                    return null;
            }
            index++;
        }
        return parsed;
    }
}
