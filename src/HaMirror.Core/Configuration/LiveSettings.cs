// Which settings of a module can change while it runs. The rule: what is read anew each time it is needed, or belongs to a part
// that can be made anew beside the data path (checkers, watches), or is one node's own patience with a link or a disk. Whatever both
// ends of a link have agreed on, whatever both nodes must judge alike at every instant (whose silence is death, who goes first), and
// what is replicated stay as they were at the start; Fixed says of each why.
using System.Collections.Immutable;

namespace HaMirror.Core.Configuration;

/// <summary>Says what a changed setting needs.</summary>
public static class LiveSettings
{
    private const string Hook = "It counts from the next run of a hook on.";
    private const string Checkers = "The checkers are begun anew with it.";
    private const string Boot = "It counts at the next start of the agent or the host.";
    private const string Once = "It counts at once.";
    private const string Stopped = "Stop the module on both nodes first.";
    private const string Beats = "It counts from the next beat on.";
    private const string Patience = "It counts at once, for the running link too.";

    /// <summary>By setting, with its elements without their names in brackets; the first that fits counts. A blank stands before an
    /// attribute, and a row without one is for all beneath the element.</summary>
    private static readonly ImmutableArray<(string Setting, bool Beneath, string Effect)> Rows =
    [
        ("service boot", false, Boot),
        ("service boot_delay", false, Boot),
        ("service failover", false, "It counts at once, unless an operator has turned failover on or off since."),
        ("service maxloop", false, Once),
        ("service loop_interval", false, Once),
        ("service/heart pulse", false, Beats),
        ("service/heart/heartbeat pulse", false, Beats),
        ("service/rfs reiallowedbw", false, Once),
        ("service/rfs locktimeout", false, Patience),
        ("service/rfs sendtimeout", false, Patience),
        ("service/rfs checktime", false, "It counts at once for the mounts and the local disk; for a replica that is written as a standby, from the next link on."),
        ("service/rfs checkintv", false, Once),
        ("service/user nicestoptimeout", false, Hook),
        ("service/user forcestoptimeout", false, Hook),
        ("service/user logging", false, Hook),
        ("service/user userlogsize", false, Hook),
        ("service/user/var", true, Hook),
        ("service/check", true, Checkers),
        ("service/errd", true, Checkers),
        ("service/failover", true, Checkers),
    ];

    /// <summary>What is not above, and why; the first that fits counts, with all beneath it.</summary>
    private static readonly ImmutableArray<(string Setting, string Why)> Fixed =
    [
        ("service mode", "it is another kind of module"),
        ("service defaultprim", "a change that has reached one node alone, when the two are cut apart, would let both prefer themselves"),
        ("service/heart timeout", "a node that is alone ends its service after it, and the other begins its own after it: a change that has reached one node alone, when the two are cut apart, would let both serve"),
        ("service/heart/heartbeat timeout", "as the time-out above"),
        ("service/heart", "the LANs of the beats and of replication are bound at the start"),
        ("service/rfs async", "both ends of a link have agreed on what an acknowledgement means"),
        ("service/rfs encryption", "both ends of a link have agreed on it, and the listener is made with it"),
        ("service/rfs divergence", "each node has told the other at the connection what it would do"),
        ("service/rfs hotareas", "the intent log was made for that many"),
        ("service/rfs nbrei", "the reads of resyncs have their room from the start"),
        ("service/rfs/replicated", "it is what is mounted and what both replicas hold"),
        ("service/rfs", "the mounts and the links are made at the start"),
        ("service/user", "hooks run for a module from its start to its end, or none does"),
    ];

    /// <summary>Why a setting cannot change while the module runs, as a clause; null: it can, or has no effect.</summary>
    /// <param name="setting">As <see cref="SettingChange.Setting"/>.</param>
    public static string? WhyFixed(string setting)
    {
        var bare = Bare(setting);
        return Of(bare).WhileRunning ? null : Why(bare);
    }

    private static string? Why(string bare) => Fixed.FirstOrDefault(row => bare == row.Setting || IsBeneath(bare, row.Setting)).Why;

    /// <param name="setting">As <see cref="SettingChange.Setting"/>.</param>
    public static (bool WhileRunning, string Effect) Of(string setting)
    {
        var bare = Bare(setting);
        foreach (var (row, beneath, effect) in Rows)
        {
            if (bare == row || (beneath && IsBeneath(bare, row))) return (true, effect);
        }

        return (false, Why(bare) is { } why ? $"{Stopped} It cannot change meanwhile: {why}." : Stopped);
    }

    /// <summary>What a changed file beside the XML means.</summary>
    public static (bool WhileRunning, string Effect) OfFile(string path) =>
        path.StartsWith("bin/", StringComparison.Ordinal) ? (true, "It counts from its next run on; checkers are begun anew.") : (true, "It is read when a hook looks at it.");

    private static bool IsBeneath(string bare, string row) =>
        bare.StartsWith(row + "/", StringComparison.Ordinal) || bare.StartsWith(row + " ", StringComparison.Ordinal);

    /// <summary>Without what tells elements of one name apart.</summary>
    private static string Bare(string setting)
    {
        var bare = new System.Text.StringBuilder();
        var depth = 0;
        foreach (var letter in setting)
        {
            if (letter == '[') depth++;
            if (depth == 0) bare.Append(letter);
            if (letter == ']' && depth > 0) depth--;
        }

        return bare.ToString();
    }
}
