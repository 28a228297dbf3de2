// Which settings of a module can change while it runs. The rule: what is read anew each time it is needed, or belongs to a part
// that can be made anew beside the data path (checkers, watches). Whatever both ends of a link have agreed on, whatever decides
// how silence is judged, and what is replicated stay as they were at the start.
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

    /// <summary>By setting, with its elements without their names in brackets; the first that fits counts. A blank stands before an
    /// attribute, and a row without one is for all beneath the element.</summary>
    private static readonly ImmutableArray<(string Setting, bool Beneath, string Effect)> Rows =
    [
        ("service boot", false, Boot),
        ("service boot_delay", false, Boot),
        ("service failover", false, "It counts at once, unless an operator has turned failover on or off since."),
        ("service maxloop", false, Once),
        ("service loop_interval", false, Once),
        ("service/rfs reiallowedbw", false, Once),
        ("service/user nicestoptimeout", false, Hook),
        ("service/user forcestoptimeout", false, Hook),
        ("service/user logging", false, Hook),
        ("service/user userlogsize", false, Hook),
        ("service/user/var", true, Hook),
        ("service/check", true, Checkers),
        ("service/errd", true, Checkers),
        ("service/failover", true, Checkers),
    ];

    /// <param name="setting">As <see cref="SettingChange.Setting"/>.</param>
    public static (bool WhileRunning, string Effect) Of(string setting)
    {
        var bare = Bare(setting);
        foreach (var (row, beneath, effect) in Rows)
        {
            if (bare == row || (beneath && (bare.StartsWith(row + "/", StringComparison.Ordinal) || bare.StartsWith(row + " ", StringComparison.Ordinal))))
                return (true, effect);
        }

        return (false, Stopped);
    }

    /// <summary>What a changed file beside the XML means.</summary>
    public static (bool WhileRunning, string Effect) OfFile(string path) =>
        path.StartsWith("bin/", StringComparison.Ordinal) ? (true, "It counts from its next run on; checkers are begun anew.") : (true, "It is read when a hook looks at it.");

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
