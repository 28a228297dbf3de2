using HaMirror.Io.Crashes;
using System.Globalization;
using HaMirror.Agent.Api;
using HaMirror.Agent.Cluster;
using HaMirror.Agent.Logging;
using HaMirror.Agent.Modules;
using HaMirror.Agent.Web;
using HaMirror.Core.Api;
using HaMirror.Io.Native;
using HaMirror.Io.Records;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Serilog;
using Serilog.Events;

namespace HaMirror.Agent.Hosting;

/// <summary>hamirrord: logging, the API on its socket, and the node.</summary>
internal static class AgentHost
{
    private const int ExitRefused = 1, ExitUsage = 2;
    private const long LogBytesMax = 8 << 20;
    private const int LogFilesMax = 5;

    /// <summary>The longest body is the other node's accounts; all others are refused much earlier.</summary>
    private const long BodyBytesMax = 4 << 20;

    private const int HeaderBytesMax = 16 << 10;

    /// <summary>A caller who says his request slower than this is no browser and no script.</summary>
    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Between two requests; connections are few, so nobody keeps one for nothing.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is ["--version"])
        {
            Console.WriteLine(AgentVersion.Text);
            return 0;
        }

        if (arguments.Length > 0)
        {
            await Console.Error.WriteLineAsync("hamirrord takes no arguments but --version; it reads /etc/hamirror below $HAMIRROR_ROOT.");
            return ExitUsage;
        }

        var files = AgentFiles.FromEnvironment();
        try
        {
            if (Crash.Refusal is { } refusal) throw new IOException(refusal);
            foreach (var directory in new[] { files.ConfigurationDirectory, files.ModulesDirectory, files.StateDirectory, files.LogDirectory, files.RunDirectory })
                AgentFiles.Ensure(directory);
            Directory.SetCurrentDirectory("/"); // wherever it was started: not in one of its own mounts
            DeadAgent.Settle(files);
            AgentLock.Take(files);
            _ = Shim.RaiseFileLimit();
            await using var app = Build(files);
            await app.StartAsync();
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or Refusal or DllNotFoundException or ShimException)
        {
            await Console.Error.WriteLineAsync($"hamirrord cannot start: {error.Message}");
            return ExitRefused;
        }
        finally
        {
            await Log.CloseAndFlushAsync();
        }
    }

    private static WebApplication Build(AgentFiles files)
    {
        Log.Logger = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .Enrich.With<EventNumber>()
            .Enrich.With<OneLine>()
            .WriteTo.Console(formatProvider: CultureInfo.InvariantCulture, outputTemplate: "{Level:u3} {Message:lj}{NewLine}{Exception}")
            .WriteTo.File(files.AgentLogFile, formatProvider: CultureInfo.InvariantCulture, fileSizeLimitBytes: LogBytesMax,
                rollOnFileSizeLimit: true, retainedFileCountLimit: LogFilesMax,
                outputTemplate: "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Level:u3} {EventNumber} {Message:lj}{NewLine}{Exception}")
            .CreateLogger();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSerilog(Log.Logger);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(new ArrivalEndPoint(), options => options.Protocols = HttpProtocols.Http1);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyBytesMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
            kestrel.Limits.RequestHeadersTimeout = HeaderTimeout;
            kestrel.Limits.KeepAliveTimeout = IdleTimeout;
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(325));
        builder.Services.AddSingleton<SocketListener>().AddHostedService(provider => provider.GetRequiredService<SocketListener>());
        builder.Services.AddConsole(); // First: what begins first ends last, and the console shows how the modules end.
        builder.Services.AddSingleton(files).AddSingleton(TimeProvider.System)
            .AddSingleton<VersionStore>().AddSingleton<ModuleCatalog>().AddSingleton<ModuleRoster>().AddSingleton<ClusterStore>().AddSingleton<JoinServer>()
            .AddSingleton<StaleMounts>().AddSingleton<StrayGuests>().AddSingleton<GuardWatch>().AddSingleton<ServingMounts>().AddSingleton<NodeService>().AddSingleton<SeedDesk>()
            .AddHostedService(services => services.GetRequiredService<NodeService>());
        var app = builder.Build();
        app.UseProblems();
        app.UseConsole();
        app.MapCluster();
        app.MapModules();
        app.MapSalvage();
        app.MapComparisons();
        app.MapSeeds();
        app.MapResources();
        app.MapConsole();
        return app;
    }
}
