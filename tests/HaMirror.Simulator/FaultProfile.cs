namespace HaMirror.Simulator;

/// <summary>Which faults one history may meet. Drawn from the seed, so that every combination is visited and the strict
/// checks (no partition, or a witness) get histories of their own.</summary>
/// <param name="Partitions">The network between the nodes may be cut, one way or both.</param>
/// <param name="Witness">A witness that, while the nodes are cut from each other, at most one of them reaches.</param>
/// <param name="Loss">Probability that a heartbeat is dropped.</param>
public sealed record FaultProfile(
    bool Partitions, bool Witness, bool Crashes, bool PowerCuts, bool Pauses, bool LinkResets, bool Commands, bool HookFailures,
    bool ForcedByOperator, bool FailoverOff, double Loss)
{
    public static readonly FaultProfile None =
        new(false, false, false, false, false, false, false, false, false, false, 0);

    public static FaultProfile Draw(Random random)
    {
        bool Chance(double probability) => random.NextDouble() < probability;
        return new FaultProfile(
            Partitions: Chance(0.4), Witness: Chance(0.5), Crashes: Chance(0.6), PowerCuts: Chance(0.5), Pauses: Chance(0.4),
            LinkResets: Chance(0.6), Commands: Chance(0.6), HookFailures: Chance(0.2), ForcedByOperator: Chance(0.15),
            FailoverOff: Chance(0.1), Loss: Chance(0.5) ? 0.1 : 0.0);
    }
}
