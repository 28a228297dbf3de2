using System.Text.RegularExpressions;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Monitoring;

/// <summary>The line of a module's log that tells a change of its state. Every change has one, also of a state that lasts so short that no
/// look at the module's status would meet it.</summary>
internal static partial class StateLine
{
    public static bool TryRead(LogLine line, out string state, out string phase)
    {
        var found = LocalState().Match(line.Text);
        (state, phase) = (found.Groups[1].Value, found.Groups[2].Value);
        return found.Success;
    }

    [GeneratedRegex("^Local state ([A-Z]+) ([A-Za-z]+)$")]
    private static partial Regex LocalState();
}
