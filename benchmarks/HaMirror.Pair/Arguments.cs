// What the command line of "pair" says.
using System.Globalization;
using System.Net;
using HaMirror.Core.Configuration;

namespace HaMirror.Pair;

/// <summary>One node of a pair.</summary>
/// <param name="IsSource">It serves its directory; else it holds the second replica.</param>
/// <param name="Address">Where the source listens.</param>
/// <param name="MarksPath">Where the marks are kept; the pair always begins anew with everything compared.</param>
internal sealed record Arguments(
    bool IsSource, string Directory, IPEndPoint Address, bool Encryption, AckMode Ack, TimeSpan LockTimeout, string MarksPath)
{
    /// <summary>For measuring what the intent log costs.</summary>
    public bool WithoutIntentLog { get; init; }

    /// <summary>Files that nobody may write to are read by the kernel itself.</summary>
    public bool Passthrough { get; init; }

    /// <summary>Size of the intent log's hot set.</summary>
    public int HotAreas { get; init; } = 2560;

    /// <summary>Where a target keeps what the resync replaces; null: it keeps nothing.</summary>
    public string? UndoPath { get; init; }

    /// <summary>Modules in this process: each has a directory 0, 1 ... in <see cref="Directory"/> and the port behind the last one's.</summary>
    public int Modules { get; init; } = 1;

    /// <summary>The arguments of one of several modules.</summary>
    public Arguments Of(int module)
    {
        if (Modules == 1)
            return this;
        var directory = Path.Combine(Directory, module.ToString(CultureInfo.InvariantCulture));
        return this with
        {
            Directory = directory, MarksPath = directory + ".marks", Address = new IPEndPoint(Address.Address, Address.Port + module),
        };
    }

    /// <summary>Reads of a resync that are under way at once.</summary>
    public int Streams { get; init; } = ResyncArguments.StreamsUsual;

    public const string Usage = """
        pair source|target DIRECTORY ADDRESS:PORT [--tls] [--applied] [--locktimeout SECONDS] [--passthrough] [--no-intent-log] [--hotareas N] [--modules N]
          Two data paths without agents: the source listens on ADDRESS:PORT and serves DIRECTORY once everything was compared;
          the target dials there. Both say READY on standard output, and end on SIGTERM or SIGINT. The source says where its
          threads are when nothing moves for 5 s; SIGUSR1 (10) asks either for that, SIGUSR2 (12) for what the process costs.
          With --modules N there are N data paths over DIRECTORY/0, DIRECTORY/1 ... and as many ports. READY says how many seconds
          it took from the begin of the process's work, and from the link.
        """;

    /// <summary>Null: what was given makes no sense.</summary>
    public static Arguments? Parse(string[] words)
    {
        if (words.Length < 3 || words[0] is not ("source" or "target") || !IPEndPoint.TryParse(words[2], out var address))
            return null;
        var directory = Path.GetFullPath(words[1]);
        var parsed = new Arguments(
            words[0] == "source", directory, address, false, AckMode.Received, TimeSpan.FromSeconds(3), directory.TrimEnd('/') + ".marks");
        for (var index = 3; index < words.Length; index++)
            switch (words[index])
            {
                case "--tls":
                    parsed = parsed with { Encryption = true };
                    break;
                case "--applied":
                    parsed = parsed with { Ack = AckMode.Applied };
                    break;
                case "--passthrough":
                    parsed = parsed with { Passthrough = true };
                    break;
                case "--no-intent-log":
                    parsed = parsed with { WithoutIntentLog = true };
                    break;
                case "--hotareas" when index + 1 < words.Length && int.TryParse(words[index + 1], CultureInfo.InvariantCulture, out var areas):
                    parsed = parsed with { HotAreas = areas };
                    index++;
                    break;
                case "--modules" when index + 1 < words.Length && int.TryParse(words[index + 1], CultureInfo.InvariantCulture, out var modules) && modules > 0:
                    parsed = parsed with { Modules = modules };
                    index++;
                    break;
                case "--locktimeout" when index + 1 < words.Length && double.TryParse(words[index + 1], CultureInfo.InvariantCulture, out var seconds):
                    parsed = parsed with { LockTimeout = TimeSpan.FromSeconds(seconds) };
                    index++;
                    break;
                default:
                    return null;
            }
        return parsed;
    }
}
