namespace HaMirror.Console.Tests;

/// <summary>One pair of agents for all tests of a class: each of them takes a module of its own there.</summary>
public sealed class StageFixture(BrowserFixture browser) : IAsyncLifetime
{
    private ConsoleStage? _stage;

    internal ConsoleStage Stage => _stage ?? throw new InvalidOperationException("The stage was not made.");

    public async Task InitializeAsync() => _stage = await ConsoleStage.CreateAsync(browser, users: true);

    public async Task DisposeAsync()
    {
        if (_stage is not null) await _stage.DisposeAsync();
    }
}
