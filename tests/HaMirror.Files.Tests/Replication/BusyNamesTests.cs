using System.Diagnostics;
using HaMirror.Core.Machine;
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Native;
using Xunit.Abstractions;

namespace HaMirror.Files.Tests.Replication;

/// <summary>A guest that changes names all the time, and a resync that ends all the same.</summary>
[Collection(MountsCollection.Name)]
public sealed class BusyNamesTests(ITestOutputHelper output)
{
    /// <summary>On a machine that others use as well; alone it is a few seconds.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(50);

    [Fact]
    public void Resync_WhileALargeTreeIsRenamedAllTheTime_Ends() => Ends(
        folder =>
        {
            for (var directory = 0; directory < 1000; directory++)
                File.WriteAllText(Directory.CreateDirectory($"{folder}/tree/{directory / 50}/{directory % 50}").FullName + "/file", "content");
        },
        at =>
        {
            Directory.Move(at("tree"), at("moved"));
            Directory.Move(at("moved"), at("tree"));
        });

    [Fact]
    public void Resync_OfAFileThatNeverKeepsItsName_Ends() => Ends(
        folder => File.WriteAllBytes(folder + "/a", new byte[1 << 20]),
        at =>
        {
            Link(at("a"), at("b"));
            File.Delete(at("a"));
            Link(at("b"), at("a"));
            File.Delete(at("b"));
        });

    private void Ends(Action<string> prepare, Action<Func<string, string>> step)
    {
        using var pair = new StoragePair(prepareSource: prepare);
        var longest = TimeSpan.Zero;
        var steps = 0;
        using var stop = new CancellationTokenSource();
        var guest = Task.Factory.StartNew(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var begun = Stopwatch.GetTimestamp();
                step(pair.Source.At);
                longest = Stopwatch.GetElapsedTime(begun) is var took && took > longest ? took : longest;
                steps++;
            }
        }, TaskCreationOptions.LongRunning);
        var clock = Stopwatch.StartNew();
        try
        {
            pair.Pair(ResyncPlan.CompareAll);
            clock.Stop();
        }
        finally
        {
            stop.Cancel();
            StorageNode.Finish(guest);
        }
        output.WriteLine($"equal after {clock.Elapsed}; {steps} steps, the longest took {longest}; {pair.Source.Storage.LastResync}");
        Assert.True(clock.Elapsed < Bound, $"It took {clock.Elapsed}.");
        Assert.True(steps > 1 && longest < Bound, $"{steps} steps; the longest took {longest}.");
        pair.ExpectEqual();
    }

    private static void Link(string from, string to)
    {
        var file = Shim.Check(Shim.Open(Shim.CurrentDirectory, from, OpenFlags.Path | OpenFlags.CloseOnExec, 0), from);
        var linked = Shim.Link(file, Shim.CurrentDirectory, to);
        _ = Shim.Close(file);
        Shim.Check(linked, to);
    }
}
