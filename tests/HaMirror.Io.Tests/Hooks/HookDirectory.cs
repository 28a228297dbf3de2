using HaMirror.Core.Configuration;
using HaMirror.Io.Hooks;

namespace HaMirror.Io.Tests.Hooks;

/// <summary>A module's directories in a temporary place, with hooks written by the test.</summary>
internal sealed class HookDirectory : IDisposable
{
    /// <summary>Long enough for a busy machine; nothing here takes more than a second by itself.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public HookDirectory()
    {
        Root = Directory.CreateTempSubdirectory("hamirror-hooks-").FullName;
        Places = HookPlaces.Of(Root, "vm1");
        Directory.CreateDirectory(Places.Bin);
    }

    public string Root { get; }

    public HookPlaces Places { get; }

    public static UserConfiguration User(double niceSeconds = 30, double forceSeconds = 30, params KeyValuePair<string, string>[] variables) =>
        new(TimeSpan.FromSeconds(niceSeconds), TimeSpan.FromSeconds(forceSeconds), true, [.. variables]);

    public HookRunner Runner(UserConfiguration? user = null) => new(Places, user ?? User(), TimeProvider.System);

    /// <summary>Writes an executable hook.</summary>
    public void Hook(string name, string body, bool executable = true)
    {
        var path = Path.Combine(Places.Bin, name);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, executable ? UnixFileMode.UserRead | UnixFileMode.UserExecute : UnixFileMode.UserRead);
    }

    public string PathOf(string name) => Path.Combine(Root, name);

    /// <summary>What hooks wrote with <c>echo ... >> $HAMIRROR_ROOT/trace</c>.</summary>
    public string[] Trace() => File.Exists(PathOf("trace")) ? File.ReadAllLines(PathOf("trace")) : [];

    public static async Task UntilAsync(Func<bool> holds, string what)
    {
        for (var deadline = DateTime.UtcNow + Patience; !holds();)
        {
            Assert.True(DateTime.UtcNow < deadline, $"not within {Patience.TotalSeconds} s: {what}");
            await Task.Delay(10);
        }
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
