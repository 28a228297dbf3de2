// Once a second, while somebody watches: the counters of every mounted module in one event. They change all the time, so they are no
// part of a module's status, which is sent only when it has changed.
using System.Collections.Immutable;
using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Modules;
using HaMirror.Core.Api;

namespace HaMirror.Agent.Events;

/// <summary>Publishes what flows through the modules.</summary>
internal sealed class TrafficWatch(ModuleRoster roster, EventHub hub, TimeProvider clock, ILogger<TrafficWatch> log) : LastingPart
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    protected override ILogger Log => log;

    protected override async Task WorkAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            try
            {
                if (hub.Watched && Look() is { Modules.IsEmpty: false } traffic) hub.Publish("traffic", JsonSerializer.SerializeToUtf8Bytes(traffic, ConsoleJson.Default.Traffic));
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                log.ApiFailed(error, "LOOK", ConsolePath.Events); // What is seen next time is as good.
            }
        }
    }

    private Traffic Look() => new(clock.GetUtcNow(), [.. roster.Drivers.Select(Of).OfType<ModuleTraffic>()]);

    private static ModuleTraffic? Of(ModuleDriver driver) =>
        driver.Storage.Mirror?.Status is { Mounted: true } status
            ? new ModuleTraffic(driver.Name, status.AnsweredRequests, status.AnsweredWrites, status.WrittenBytes, status.WindowBytes, status.HeldRequests)
            : null;
}
