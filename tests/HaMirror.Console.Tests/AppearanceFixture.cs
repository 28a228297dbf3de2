using HaMirror.Core.Api;
using HaMirror.Lab.Tests.TwoAgents;

namespace HaMirror.Console.Tests;

/// <summary>Two agents with something of everything, to be looked at.</summary>
public sealed class AppearanceFixture(BrowserFixture browser) : IAsyncLifetime
{
    /// <summary>Bytes a second: it goes on as long as somebody looks.</summary>
    private const long SlowResync = 192 << 10;

    private ConsoleStage? _stage;

    internal ConsoleStage Stage => _stage ?? throw new InvalidOperationException("The stage was not made.");

    public async Task InitializeAsync()
    {
        _stage = await ConsoleStage.CreateAsync(browser, users: true);
        await FillAsync(_stage.Pair);
    }

    public async Task DisposeAsync()
    {
        if (_stage is not null) await _stage.DisposeAsync();
    }

    /// <summary>Something of everything: services that are protected, alone, waiting and stopped, a resync that goes on, history.</summary>
    private static async Task FillAsync(AgentPair pair)
    {
        await ConfigurationTests.InstallTemplatesAsync(pair);
        foreach (var module in new[] { "vm-mail", "vm-web", "vm-files", "vm-build" }) await pair.AddModuleAsync(module);
        await pair.StartAsync();
        await pair.One.ActAsync(AgentPair.Module, "swap");
        await pair.ExpectAsync("SECOND Ready", "PRIM Ready");
        await pair.Two.PostAsync(ApiPath.Module(AgentPair.Module, "verify"), new VerifyRequest(false, "test@lab"), ApiJson.Default.VerifyRequest, ApiJson.Default.VerifyReport);
        await Deadline.HoldsAsync("the comparison has ended", AgentApi.Patience,
            async () => !(await pair.Two.GetAsync(ApiPath.Module(AgentPair.Module, "verify"), ApiJson.Default.VerifyReport)).Running, () => pair.Story);
        await pair.Two.ActAsync(AgentPair.Module, "swap");
        await pair.One.SayResourceAsync(AgentPair.Module, "custom.web_check", "up");
        await pair.ExpectAsync("PRIM Ready", "SECOND Ready");

        await pair.One.StartModuleAsync("vm-mail", "primary");
        await pair.Two.StartModuleAsync("vm-build");
        await pair.ExpectAsync(pair.One, "ALONE Ready", "vm-mail");
        using (var disk = File.Create(AgentPair.Data(pair.Two, "vm-files") + "/disk"))
        {
            var content = new byte[1 << 20];
            Random.Shared.NextBytes(content);
            for (var n = 0; n < 96; n++) disk.Write(content);
        }

        await pair.Two.StartModuleAsync("vm-files", "primary");
        await pair.ExpectAsync(pair.Two, "ALONE Ready", "vm-files");
        await ConsoleStage.CapResyncAsync(pair.Two, "vm-files", SlowResync);
        await pair.One.StartModuleAsync("vm-files");
    }
}
