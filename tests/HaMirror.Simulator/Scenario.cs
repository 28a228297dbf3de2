using System.Globalization;
using HaMirror.Core.Machine;

namespace HaMirror.Simulator;

/// <summary>A story of a pair as text: commands, and the transitions that they lead to.</summary>
/// <remarks>
/// <code>
/// pair [witness]                      two booted nodes; first line of a story
/// node1 start [--as-primary | --as-secondary | --full-sync]
/// node1 stop | force-stop | restart | stopstart | swap | failover-on | failover-off
/// node1 power-cut | crash | boot | pause 2s | hang 2s | reset-link
/// cut                                 the network between the nodes, without a witness
/// cut node1 | node2 | none            the same; who keeps the witness
/// heal
/// run 5s                              let time pass
/// until mirrored                      fails after 30 s
/// </code>
/// A transition reads <c>node2 SECOND -> ALONE  persist ...; hooks SecondToAlone</c>; generations are g1, g2, ... in the
/// order in which they were made. Times are left out: a story is about order.
/// </remarks>
public sealed class Scenario
{
    private const long UntilMax = 30_000_000;

    private Pair? _pair;

    /// <summary>Carries a block of commands out.</summary>
    /// <returns>The transitions they led to, one a line.</returns>
    /// <exception cref="FormatException">A line is not understood, or what it waits for did not happen.</exception>
    public IReadOnlyList<string> Play(IEnumerable<string> commands)
    {
        var story = new List<string>();
        foreach (var line in commands.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "pair") _pair = Begin(words);
            var pair = _pair ?? throw new FormatException("A story begins with 'pair'.");
            pair.World.Story = story;
            if (words[0] != "pair") Carry(pair, words, line);
            if (pair.World.Violation is { } violation) story.Add($"VIOLATION {violation}");
        }

        return story;
    }

    private static Pair Begin(string[] words)
    {
        var profile = FaultProfile.None with { Witness = words.Contains("witness"), ManualDivergence = words.Contains("manual") };
        var pair = new Pair(new World(1), profile, Mutation.None);
        foreach (var node in pair.Nodes) node.Boot();
        return pair;
    }

    private static void Carry(Pair pair, string[] words, string line)
    {
        switch (words)
        {
            case ["run", var time]: pair.World.Run(pair.World.Now + Microseconds(time)); break;
            case ["until", "mirrored"]:
                if (!pair.World.Run(pair.World.Now + UntilMax, pair.IsMirrored))
                    throw new FormatException("The pair was not mirrored within 30 s.");
                break;
            case ["cut"]:
                pair.Ledger.Excuse("isolation without a witness");
                pair.Network.Cut(null);
                break;
            case ["cut", var keeper]: pair.Network.Cut(keeper == "none" ? null : keeper == "node1" ? 0 : 1); break;
            case ["heal"]: pair.Network.Heal(); break;
            case ["node1" or "node2", ..]: Command(pair, pair.Nodes[words[0] == "node1" ? 0 : 1], words, line); break;
            default: throw new FormatException($"'{line}' is not understood.");
        }
    }

    private static void Command(Pair pair, SimulatedNode node, string[] words, string line)
    {
        switch (words[1..])
        {
            case ["power-cut"]: node.Crash(powerCut: true); return;
            case ["crash"]: node.Crash(powerCut: false); return;
            case ["boot"]: node.Boot(); return;
            case ["reset-link"]: node.ResetLink(); return;
            case ["hang", var time]: node.Hang(Microseconds(time)); return;
            case ["pause", var time]: node.Pause(Microseconds(time)); return;
            case ["checker", var resource, var state, var action]:
                node.Input(new MachineInput.CheckerFired(resource, state == "up", Enum.Parse<AutomaticAction>(action)));
                return;
        }

        var kind = words[1..] switch
        {
            ["start"] => OperatorCommand.Start,
            ["start", "--as-primary"] => OperatorCommand.StartAsPrimary,
            ["start", "--as-secondary"] => OperatorCommand.StartAsSecondary,
            ["start", "--full-sync"] => OperatorCommand.StartAsSecondaryFullSync,
            ["stop"] => OperatorCommand.Stop,
            ["force-stop"] => OperatorCommand.ForceStop,
            ["restart"] => OperatorCommand.Restart,
            ["stopstart"] => OperatorCommand.StopStart,
            ["swap"] => OperatorCommand.Swap,
            ["failover-on"] => OperatorCommand.FailoverOn,
            ["failover-off"] => OperatorCommand.FailoverOff,
            _ => throw new FormatException($"'{line}' is not understood."),
        };
        if (node.Command(kind) is { } refusal) pair.World.Story?.Add($"{node.Name} refuses: {refusal}");
    }

    private static long Microseconds(string time) =>
        (long)(double.Parse(time.TrimEnd('s'), CultureInfo.InvariantCulture) * 1_000_000);
}
