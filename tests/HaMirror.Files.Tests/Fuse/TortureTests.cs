using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Fuse;

/// <summary>Random operations on the mount, compared with a plain directory, with the directory underneath, with the replica
/// and with the table of names.</summary>
[Collection(MountsCollection.Name)]
public sealed class TortureTests
{
    private const int Steps = 6000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void RandomOperations_OnNamesAndContent_AreThoseOfAPlainDirectory(int seed)
    {
        using var mount = new ScratchMount();
        var model = Directory.CreateDirectory(Path.Combine(mount.Folder, "..", "model")).FullName;
        var random = new Random(seed);
        using (var twin = new TwinDirectory(mount.Folder, model, random))
        {
            foreach (var path in (string[])["n0", "n1", "n2", "n0/n1", "n1/n0", "n2/n2"])
            {
                twin.MakeDirectory(path);
            }

            for (var step = 0; step < Steps; step++)
            {
                Step(twin, random);
                if (step % 500 == 499)
                {
                    CheckNames(mount, twin);
                    Assert.Equal(0, mount.DropKernelCaches());
                }
            }

            // A torture in which everything fails would find every result equal.
            Assert.Equal(15, twin.Succeeded.Count);
            Assert.All(twin.Succeeded, verb => Assert.True(verb.Value >= 10, $"{verb.Key} succeeded {verb.Value} times"));
            Assert.Equal(TreeImage.Of(model), TreeImage.Of(mount.Folder));
            mount.AssertReplicated();
        }

        CheckNames(mount, null);
    }

    private static void Step(TwinDirectory twin, Random random)
    {
        switch (random.Next(33))
        {
            case 0 or 1: twin.MakeDirectory(Place(random)); break;
            case 2 or 3: twin.Remove(Place(random), directory: false); break;
            case 4: twin.Remove(Place(random), directory: true); break;
            case 5 or 6 or 7: twin.Rename(Place(random), Place(random), (uint)random.Next(3)); break;
            case 8 or 9 or 31: twin.Link(Place(random), Place(random)); break;
            case 10: twin.Symlink(Place(random), Place(random)); break;
            case 11 or 12: twin.Stat(Place(random)); break;
            case 13: twin.ChangeMode(Place(random), (uint)random.Next(0x200)); break;
            case 14: twin.SetXattr(Place(random), (byte)random.Next(256)); break;
            case 15 or 16: twin.Open(Place(random), OpenFlags.Create | OpenFlags.ReadWrite); break;
            case 17: twin.Open(Place(random), OpenFlags.Create | OpenFlags.ReadWrite | OpenFlags.Direct); break;
            case 18: twin.Open(Place(random), OpenFlags.Create | OpenFlags.WriteOnly | OpenFlags.Truncate); break;
            case 19: twin.Open(Place(random), OpenFlags.ReadOnly); break;
            case 20: twin.Open(Place(random), OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.ReadWrite); break;
            case 21: twin.CloseAny(); break;
            case 22 or 23 or 24: twin.Write(aligned: random.Next(2) == 0); break;
            case 25 or 26 or 27: twin.Read(); break;
            case 28: twin.Truncate(); break;
            case 29: twin.Allocate(random.Next(2)); break;
            case 30: twin.Allocate((int[])[3, 16, 17] is var modes ? modes[random.Next(3)] : 0); break;
            default: twin.Sync(); break;
        }
    }

    // Few names, so that operations meet each other.
    private static string Place(Random random)
    {
        var path = $"n{random.Next(8)}";
        for (var depth = random.Next(3); depth > 0; depth--)
        {
            path = $"n{random.Next(3)}/{path}";
        }

        return path;
    }

    private static unsafe void CheckNames(ScratchMount mount, TwinDirectory? twin) => mount.Loop.Post(() =>
    {
        foreach (var node in mount.System.KnownNodes.ToArray())
        {
            NativeStat own;
            Assert.Equal(0, Shim.StatAt(node.Descriptor, "", &own));
            Assert.Equal(own.Inode, node.Key.Inode);
            Assert.True(own.Links == 0 ? node.ReplicatedPath is null : node.ReplicatedPath is not null,
                $"{node.ReplicatedPath} with {own.Links} links\n{string.Join('\n', twin?.Log.TakeLast(20) ?? [])}");
            if (node.ReplicatedPath is { } path)
            {
                NativeStat named;
                Assert.Equal(0, Shim.StatAt(mount.System.KnownNodes.First(n => n.Number == 1).Descriptor, path, &named));
                Assert.Equal(own.Inode, named.Inode);
            }
        }
    });

    [Fact]
    public void HardLink_OpenedUnderANameThatIsGone_IsFoundUnderTheOther()
    {
        using var mount = new ScratchMount(prepare: folder => Shell.Run(
            $"mkdir -p a b/c; echo 1 > a/f; ln a/f b/c/other; cp -a . {folder}/../replica", folder));
        mount.Run("""
            exec 3<> a/f; rm a/f; printf 22 >&3; printf 333 > a/f; test "$(cat b/c/other)" = 22
            exec 4<> b/c/other; mv a/f b/c/other; printf 4 >&4
            """);
        mount.AssertReplicated();
    }

    [Fact]
    public void SteadyWork_ReadsWritesAndLooks_AllocatesNothing()
    {
        using var mount = new ScratchMount();
        var folder = Shim.Check(Shim.Open(Shim.CurrentDirectory, mount.Folder, OpenFlags.ReadOnly, 0), "open");
        var file = Shim.Check(Shim.Open(folder, "f", OpenFlags.Create | OpenFlags.ReadWrite | OpenFlags.Direct, 0x1a4), "make");
        using var data = new PageBlock(8192);
        Work(2000); // until the code is compiled for good
        mount.Loop.ResetCounters();
        Work(500);
        Shim.Close(file);
        Shim.Close(folder);
        Assert.True(mount.Loop.HotRequests >= 1500, $"{mount.Loop.HotRequests} requests");
        Assert.Equal(0, mount.Loop.HotAllocations);

        unsafe void Work(int times)
        {
            for (var i = 0; i < times; i++)
            {
                NativeStat stat;
                Shim.Check(Shim.WriteAt(file, data.Address, 8192, (ulong)(i % 50) * 4096), "write");
                Shim.Check(Shim.ReadAt(file, data.Address, 4096, (ulong)(i % 50) * 4096), "read");
                Shim.Check(Shim.StatAt(file, "", &stat), "look");
            }
        }
    }
}
