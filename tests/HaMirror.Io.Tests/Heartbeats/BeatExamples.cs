using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;
using HaMirror.Io.Heartbeats;

namespace HaMirror.Io.Tests.Heartbeats;

internal static class BeatExamples
{
    public static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(value => (byte)value)];
    public static readonly Guid Cluster = Guid.Parse("8d7f0c3e-55d4-4a3c-9d0e-0f6b8f0a1b2c");

    public static HeartbeatSession Session(string node, string peer, byte[]? key = null, Guid? cluster = null) =>
        new(key ?? Key, cluster ?? Cluster, node, peer, BootId.New());

    public static GenerationId Generation(int number) => new(new Guid(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));

    public static ModuleAnnouncement Announcement(string module, int history = 2, string node = "n1") =>
        new(module, 5604, 0x1234_5678_9abc_def0, new ModuleBeat(
            node, ModuleState.Prim, Phase.Ready,
            new ReplicaRecord
            {
                Current = Generation(1000),
                Base = Generation(999),
                History = [.. Enumerable.Range(1, history).Select(Generation)],
                Condition = ReplicaCondition.UpToDate,
                Serving = true,
                Sole = true,
                MarksUnsaved = true,
                PeerName = "n2",
            },
            WantsPrimary: true, Leaving: false, FailoverOn: true, Generation(7), GenerationId.None, Boot: 77,
            Claims: true, Sequence: 11, PeerBoot: 78, Echo: 9)
        {
            ReceivedBoot = 78,
            Received = 10,
            ManualDivergence = true,
        })
        {
            MarkedBytes = 5UL << 40,
        };
}
