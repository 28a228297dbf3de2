using BenchmarkDotNet.Attributes;
using HaMirror.Core.Generations;
using HaMirror.Core.Hooks;
using HaMirror.Core.Machine;

namespace HaMirror.Benchmarks;

/// <summary>What a module's machine costs: an idle tick, which every module pays a few times a second, and a start.</summary>
[MemoryDiagnoser]
public class TransitionBenchmarks
{
    private static readonly GenerationId Generation = new(Guid.Parse("00000000-0000-0000-0000-000000000001"));
    private readonly MachineInput _tick = new MachineInput.Tick();
    private ModuleMachine _idle = Machine();
    private TimeSpan _now;

    [GlobalSetup]
    public void Begin()
    {
        _idle = Machine();
        _now = TimeSpan.Zero;
    }

    /// <summary>Of a module that is not running.</summary>
    [Benchmark]
    public StepOutput Tick() => _idle.Step(_tick, _now += ModuleRules.TickInterval);

    /// <summary>A machine made, and an operator's start taken.</summary>
    [Benchmark]
    public StepOutput StartAsPrimary() =>
        Machine().Step(new MachineInput.Command(OperatorCommand.StartAsPrimary), TimeSpan.Zero);

    private static ModuleMachine Machine() => new(
        new ModuleRules { NodeName = "node1", PeerName = "node2", IsFirstNode = true }, ReplicaRecord.New, 1, () => Generation);
}
