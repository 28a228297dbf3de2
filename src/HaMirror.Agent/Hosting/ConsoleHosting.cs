using HaMirror.Agent.Access;
using HaMirror.Agent.Api;
using HaMirror.Agent.Changes;
using HaMirror.Agent.Events;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Monitoring;
using HaMirror.Agent.Nodes;
using HaMirror.Agent.Notify;
using HaMirror.Agent.Operations;
using HaMirror.Agent.Support;
using HaMirror.Agent.Web;
using HaMirror.Core.Api;
using Microsoft.AspNetCore.Connections;

namespace HaMirror.Agent.Hosting;

/// <summary>Puts the web side of the agent together: port 9010, accounts, the other node, events, monitoring.</summary>
internal static class ConsoleHosting
{
    /// <summary>A part of the web side that fails begins anew alone (<see cref="LastingPart"/>). Should one end all the same, the log says so:
    /// .NET's own rule would end the agent, and with it every module (G8).</summary>
    private static void FailAlone(HostOptions options) => options.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore;

    public static void AddConsole(this IServiceCollection services) => services.Configure<HostOptions>(FailAlone)
        .AddSingleton<ArrivalTransport>().AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<ArrivalTransport>())
        .AddSingleton<WebCertificate>().AddSingleton<WebListener>().AddHostedService(provider => provider.GetRequiredService<WebListener>())
        .AddSingleton<AccessStore>().AddSingleton<SessionKeys>().AddSingleton<LoginThrottle>().AddSingleton<ConsoleAddresses>().AddSingleton<CrossOrigin>().AddSingleton<AccessGate>()
        .AddSingleton<NodeChannel>().AddSingleton<NodeRoute>().AddHostedService<NodeChannelListener>()
        .AddSingleton<AccessExchange>().AddHostedService(provider => provider.GetRequiredService<AccessExchange>())
        .AddSingleton<EventHub>().AddSingleton<EventWatch>().AddHostedService(provider => provider.GetRequiredService<EventWatch>())
        .AddHostedService<TrafficWatch>().AddSingleton<HistoryTable>().AddSingleton<JournalCopy>().AddSingleton<Metrics>()
        .AddSingleton<Notifier>().AddHostedService(provider => provider.GetRequiredService<Notifier>())
        .AddSingleton<ChangeStore>().AddSingleton<DraftCheck>().AddSingleton<ChangeParticipant>().AddSingleton<ChangeDesk>().AddHostedService<ChangeWatch>()
        .AddSingleton<OperationTable>().AddHostedService(provider => provider.GetRequiredService<OperationTable>())
        .AddSingleton<TimelineTable>().AddHostedService(provider => provider.GetRequiredService<TimelineTable>())
        .AddSingleton<SupportArchive>().AddSingleton<SupportShelf>().AddSingleton<HostFacts>()
        .AddOpenApiDocument();

    /// <summary>In this order: which node, which request, who asks, pass it on.</summary>
    public static void UseConsole(this WebApplication app)
    {
        var route = app.Services.GetRequiredService<NodeRoute>();
        _ = app.Services.GetRequiredService<HistoryTable>(); // It counts from the start.
        _ = app.Services.GetRequiredService<JournalCopy>();
        var (changes, participant) = (app.Services.GetRequiredService<ChangeStore>(), app.Services.GetRequiredService<ChangeParticipant>());
        app.Services.GetRequiredService<NodeService>().ChangeOf = module => changes.Find(module) is { } change ? participant.Show(change) : null;
        var gate = app.Services.GetRequiredService<AccessGate>();
        app.Use(route.ChooseAsync);
        app.UseRouting();
        app.Use(gate.InvokeAsync);
        app.Use(route.PassAsync);
    }

    public static void MapConsole(this WebApplication app)
    {
        app.MapAccess();
        app.MapNodes();
        app.MapHealth();
        app.MapEvents();
        app.MapMetrics();
        app.MapNotify();
        app.MapHookRuns();
        app.MapLogs();
        app.MapConfigurations();
        app.MapChanges();
        app.MapClusterFile();
        app.MapWitness();
        app.MapOperations();
        app.MapTimeline();
        app.MapSupport();
        app.MapOpenApi(ConsolePath.OpenApi);
        app.MapPages();
    }
}
