using HaMirror.Agent.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HaMirror.Agent.Tests;

public sealed class LastingPartTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Part_ThatFails_BeginsAnewUntilTheAgentEnds()
    {
        using var part = new FailingPart();
        await part.StartAsync(CancellationToken.None);
        await part.Works.Task.WaitAsync(Deadline);
        Assert.Equal(3, part.Begun);
        Assert.False(part.ExecuteTask!.IsCompleted);
        await part.StopAsync(CancellationToken.None).WaitAsync(Deadline);
        Assert.True(part.ExecuteTask.IsCompletedSuccessfully);
    }

    /// <summary>Fails twice: at once, and with what elsewhere would mean that the agent ends.</summary>
    private sealed class FailingPart : LastingPart
    {
        private int _begun;

        public int Begun => Volatile.Read(ref _begun);

        public TaskCompletionSource Works { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override ILogger Log => NullLogger.Instance;

        protected override async Task WorkAsync(CancellationToken stopping)
        {
            switch (Interlocked.Increment(ref _begun))
            {
                case 1: throw new InvalidOperationException("It failed.");
                case 2: throw new OperationCanceledException("Something else was cancelled.");
            }

            Works.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, stopping);
        }
    }
}
