// One round: from both ready, through one or two failures, to both ready and equal. What each must show on the way stands
// beside it; what no round may ever show (a flush lost, two services, a stale start) the service and its ledger see.
using HaMirror.Io.Crashes;

namespace HaMirror.Lab.Tests.PowerCuts;

/// <summary>Plays rounds on a pair.</summary>
internal sealed class CutRounds(PowerPair pair, Random random)
{
    private const int StepsMax = 600;

    /// <summary>Longest random moment between two failures, in ms: detection and take-over included.</summary>
    private const int BetweenMsMax = 5000;

    /// <summary>Longest random moment between two returns, in ms.</summary>
    private const int ReturnsMsMax = 2000;

    /// <summary>How long an agent is held: longer than every time-out.</summary>
    private static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(5);

    /// <summary>What was hit, by its name, for the closing line.</summary>
    public SortedDictionary<string, int> Hits { get; } = new(StringComparer.Ordinal);

    /// <summary>Power cuts, kills and stops so far.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them at a point that was named before.</summary>
    public int Reached { get; private set; }

    public async Task PlayAsync(CutKind kind, CrashPoint point)
    {
        await pair.WorkedAsync(random.Next(20, StepsMax));
        var (primary, second) = await pair.RolesAsync();
        var epoch = pair.Page.Epoch;
        switch (kind)
        {
            case CutKind.Primary:
                pair.Page.PlainWritesCount = true;
                Cut(primary);
                await pair.ServesAloneAsync(second);
                await pair.WorkedAsync(random.Next(StepsMax));
                break;
            case CutKind.Second:
                Cut(second);
                await pair.ServesAloneAsync(primary);
                await pair.WorkedAsync(random.Next(StepsMax));
                await SettleAsync();
                Assert.True(pair.Page.Epoch == epoch, $"{pair.Round}: the loss of the standby has restarted the service.\n{pair.Story}");
                break;
            case CutKind.Both:
                Cut(primary, second);
                await ReturnAloneAsync(random.Next(2) == 0 ? primary : second, mayServe: false);
                break;
            case CutKind.PrimaryThenSecondOldFirst or CutKind.PrimaryThenSecondNewFirst:
                await BothInOrderAsync(primary, second, kind == CutKind.PrimaryThenSecondOldFirst);
                break;
            case CutKind.SecondThenPrimaryOldFirst or CutKind.SecondThenPrimaryNewFirst:
                await BothInOrderAsync(second, primary, kind == CutKind.SecondThenPrimaryOldFirst);
                break;
            case CutKind.PrimaryInResync or CutKind.SecondInResync:
                await InResyncAsync(primary, second, kind == CutKind.PrimaryInResync ? primary : second);
                break;
            case CutKind.SecondInFailover:
                Cut(primary);
                await Task.Delay(random.Next(BetweenMsMax)); // the moment is what is random: nothing is waited for
                Cut(second);
                break;
            case CutKind.PrimaryAgent or CutKind.SecondAgent:
                await AgentAsync(primary, second, kind == CutKind.PrimaryAgent ? primary : second);
                break;
            case CutKind.PrimaryHeld or CutKind.SecondHeld:
                await HeldAsync(primary, second, kind == CutKind.PrimaryHeld ? primary : second);
                break;
            default:
                await AtPointAsync(primary, second, point);
                break;
        }
        await SettleAsync();
        await pair.EqualAsync();
    }

    private void Cut(params PowerNode[] nodes)
    {
        Count += nodes.Length;
        PowerNode.Cut(nodes);
    }

    /// <summary>Nodes that are off return in either order.</summary>
    private async Task SettleAsync()
    {
        var off = pair.Nodes.Where(node => !node.IsOn).ToArray();
        random.Shuffle(off);
        foreach (var node in off)
        {
            node.TurnOn();
            await Task.Delay(random.Next(2) == 0 ? 0 : random.Next(ReturnsMsMax)); // nothing is waited for here either
        }
        await pair.SettledAsync();
        pair.Page.PlainWritesCount = false;
    }

    private async Task ReturnAloneAsync(PowerNode node, bool mayServe)
    {
        node.TurnOn();
        if (mayServe)
            await pair.ServesAloneAsync(node);
        else
            await pair.WaitsAsync(node);
    }

    private async Task BothInOrderAsync(PowerNode first, PowerNode then, bool isOldFirst)
    {
        Cut(first);
        await pair.ServesAloneAsync(then);
        await pair.WorkedAsync(random.Next(1, StepsMax));
        Cut(then);
        // Who went on alone can prove that nobody has anything newer; the other can prove nothing.
        await ReturnAloneAsync(isOldFirst ? first : then, mayServe: !isOldFirst);
    }

    private async Task InResyncAsync(PowerNode primary, PowerNode second, PowerNode victim)
    {
        Cut(second);
        await pair.ServesAloneAsync(primary);
        await pair.WorkedAsync(random.Next(1, 4 * StepsMax));
        // The target stops in the middle, so that the moment is in the resync whatever the machine does.
        CrashPoint[] points = [CrashPoint.PlanReceived, CrashPoint.DirectoryApplied, CrashPoint.BlockApplied, CrashPoint.BlockApplied];
        var point = points[random.Next(points.Length)];
        var at = $"{Crash.NameOf(point)}:{(point == CrashPoint.BlockApplied ? random.Next(1, 30) : 1)}:stop";
        second.TurnOn(at);
        await pair.HoldsAsync($"{second.Name} is held at {at}, or ready before",
            async () => second.AgentIsHeld || await pair.SeeAsync(second) == "SECOND Ready");
        var isHeld = second.AgentIsHeld;
        Cut(victim == second || isHeld ? [victim] : [primary, second]); // One that was not held would be in a later round.
        Hit($"{(victim == primary ? "source" : "target")} cut {(isHeld ? "in" : "after")} resync ({Crash.NameOf(point)})");
        if (victim != primary || !isHeld)
            return;
        second.ContinueAgent();
        await pair.WaitsAsync(second);
    }

    private async Task AgentAsync(PowerNode primary, PowerNode second, PowerNode victim)
    {
        pair.Page.PlainWritesCount = victim == primary;
        Count++;
        victim.KillAgent();
        if (victim == primary)
            await pair.HoldsAsync($"the guard has ended the service of {victim.Name}", () => Task.FromResult(!victim.ServiceLives));
        if (random.Next(2) == 0)
            await pair.ServesAloneAsync(pair.Other(victim));
        victim.StartAgent();
    }

    private async Task HeldAsync(PowerNode primary, PowerNode second, PowerNode victim)
    {
        pair.Page.PlainWritesCount = victim == primary;
        Count++;
        victim.HoldAgent();
        if (victim == primary)
            await pair.HoldsAsync($"the guard has ended the service of {victim.Name}", () => Task.FromResult(!victim.ServiceLives));
        await pair.ServesAloneAsync(pair.Other(victim));
        await pair.WorkedAsync(random.Next(1, StepsMax));
        victim.ContinueAgent();
    }

    /// <summary>A node comes back with a crash point armed and goes through all that a node can go through until it gets there.</summary>
    private async Task AtPointAsync(PowerNode primary, PowerNode second, CrashPoint point)
    {
        var (victim, other) = random.Next(2) == 0 ? (primary, second) : (second, primary);
        var action = random.Next(3) switch { 0 => "killed", 1 => "cut", _ => "held" };
        var times = IsFrequent(point) ? (int)Math.Pow(2, random.NextDouble() * 9) : random.Next(1, 3);
        var at = $"{Crash.NameOf(point)}:{times}{(action == "killed" ? "" : ":stop")}";
        pair.Round += $" {victim.Name} {action} at {at}";
        Cut(victim);
        await pair.ServesAloneAsync(other);
        await pair.WorkedAsync(random.Next(1, StepsMax));
        victim.TurnOn(at);
        if (!await ReachesAsync(victim, other))
        {
            Hit($"{Crash.NameOf(point)} not reached");
            Cut(victim); // It would die in a later round, unexpected.
            return;
        }
        Hit($"{Crash.NameOf(point)} {action}");
        Reached++;
        Count++;
        if (action == "cut")
            PowerNode.Cut([victim]);
        var both = random.Next(4) == 0;
        if (both)
        {
            await Task.Delay(random.Next(BetweenMsMax)); // the moment is what is random: nothing is waited for
            if (other.IsOn)
                Cut(other);
        }
        if (action == "held")
        {
            // The fault lasts; what must hold after it, SettleAsync waits for.
            await Task.Delay(HeldFor);
            victim.ContinueAgent();
        }
    }

    private async Task<bool> ReachesAsync(PowerNode victim, PowerNode other)
    {
        bool Reached() => !victim.AgentLives || victim.AgentIsHeld;
        async Task<bool> Until(string what, Func<Task<bool>> condition)
        {
            await pair.HoldsAsync($"{victim.Name} reaches its point, or {what}", async () => Reached() || await condition());
            return Reached();
        }

        async Task<bool> Works() => await Until("the service works", WorkedAtLeast(random.Next(50, StepsMax)));
        async Task<bool> Becomes(string mine, string theirs) => await Until($"{victim.Name} is {mine}",
            async () => await pair.SeeAsync(victim) == mine && await pair.SeeAsync(other) == theirs && pair.Page.Verified == pair.Page.Epoch);

        if (await Becomes("SECOND Ready", "PRIM Ready") || await Works())
            return true;
        await other.ActAsync(PowerPair.Module, "swap");
        if (await Becomes("PRIM Ready", "SECOND Ready") || await Works())
            return true;
        Cut(other);
        if (await Becomes("ALONE Ready", "off") || await Works())
            return true;
        other.TurnOn();
        if (await Becomes("PRIM Ready", "SECOND Ready") || await Works())
            return true;
        await other.ActAsync(PowerPair.Module, "swap");
        return await Becomes("SECOND Ready", "PRIM Ready");
    }

    private Func<Task<bool>> WorkedAtLeast(long steps)
    {
        var goal = pair.Page.Steps(0) + steps;
        return () => Task.FromResult(pair.Page.Steps(0) >= goal);
    }

    private void Hit(string what) => Hits[what] = Hits.GetValueOrDefault(what) + 1;

    /// <summary>Points that a busy node passes many times a second are counted up to a later one.</summary>
    private static bool IsFrequent(CrashPoint point) => point is CrashPoint.BlockQueued or CrashPoint.BlockApplied
        or CrashPoint.WriteApplied or CrashPoint.ChangeApplied or CrashPoint.Received or CrashPoint.RoundSent or CrashPoint.ChangeMade
        or CrashPoint.FlushedReceived or CrashPoint.OfferSent or CrashPoint.BarrierDurable or CrashPoint.IntentQueued or CrashPoint.IntentLogged
        or CrashPoint.PreimagesSaved or CrashPoint.PreimagesWritten;
}
