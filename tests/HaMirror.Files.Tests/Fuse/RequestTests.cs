using System.Text;
using HaMirror.Core.Wire;
using HaMirror.Io.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Fuse;

/// <summary>Requests made by hand, without a kernel: what Take promises, and what damaged input does.</summary>
public sealed unsafe class RequestTests : IDisposable
{
    private const int UidOfNobody = 65534;

    private readonly string folder = Directory.CreateTempSubdirectory("hamirror-request-").FullName;
    private readonly PageBlock pages = new(FuseFileSystem.DataBytesMin + 4096);
    private readonly FuseFileSystem system;
    private FuseRequest request;

    public RequestTests()
    {
        var root = Shim.Check(Shim.Open(Shim.CurrentDirectory, folder, OpenFlags.ReadOnly | OpenFlags.Directory, 0), "open");
        system = new FuseFileSystem(0, root, _ => true) { Writable = true };
        Shim.Close(root);
        request.Header = pages.Address;
        request.Data = pages.Address + 4096;
        request.DataCapacity = FuseFileSystem.DataBytesMin;
    }

    public void Dispose()
    {
        system.Dispose();
        pages.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Change_Taken_IsNotExecutedBeforeExecute()
    {
        Make(FuseOpcode.MakeDirectory, 1, [0xed, 1, 0, 0, 0x12, 0, 0, 0, .. "d\0"u8]);
        Assert.Equal(FuseVerdict.Change, system.Take(ref request));
        Assert.Empty(Directory.GetFileSystemEntries(folder));
        system.Execute(ref request);
        Assert.Equal(0, request.Error);
        Assert.Equal(new NamespaceChange(ChangeKind.Mkdir, 0, "d")
        {
            Mask = AttributeMask.Mode | AttributeMask.Owner,
            Mode = 0x41ed,
        }, request.Change);
        Assert.Equal((uint)sizeof(FuseWire.EntryOut), request.PayloadBytes);
    }

    [Fact]
    public void Change_HeldUntilReadOnly_IsRefusedAndNotDone()
    {
        Make(FuseOpcode.MakeDirectory, 1, [0xed, 1, 0, 0, 0x12, 0, 0, 0, .. "d\0"u8]);
        Assert.Equal(FuseVerdict.Change, system.Take(ref request));
        system.Writable = false;
        system.Execute(ref request);
        Assert.Equal(Errno.EROFS, request.Error);
        Assert.Null(request.Change);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
        Make(FuseOpcode.Unlink, 1, "x\0"u8);
        Assert.Equal(FuseVerdict.Immediate, system.Take(ref request));
        system.Execute(ref request);
        Assert.Equal(Errno.EROFS, request.Error);
    }

    [Fact]
    public void Truncation_Taken_NamesFileAndRangeBeforehandAndWhatChangedAfterwards()
    {
        File.WriteAllBytes(Path.Combine(folder, "f"), new byte[10_000]);
        var node = LookUp("f");
        var body = new FuseWire.SetAttributesIn { Valid = 8, Size = 4000 };
        Make(FuseOpcode.SetAttributes, node, new ReadOnlySpan<byte>(&body, sizeof(FuseWire.SetAttributesIn)));
        Assert.Equal(FuseVerdict.Change, system.Take(ref request));
        Assert.Equal((RangeChange.Truncate, 4000ul, ulong.MaxValue - 4000), (request.Range, request.Offset, request.Bytes));
        Assert.Equal(node, request.Node!.Number);
        Assert.True(system.TryFind(request.Node.Key, out var found));
        Assert.Same(request.Node, found);
        system.Execute(ref request);
        Assert.Equal((0, 4000ul, 6000ul), (request.Error, request.Offset, request.Bytes));
        Assert.Equal((AttributeMask.Size, 4000ul, "f"), (request.Change!.Mask, request.Change.Size, request.Change.Path));
    }

    [Fact]
    public void Forgotten_NodesOfADirectory_AreDroppedWithTheirDescriptors()
    {
        Directory.CreateDirectory(Path.Combine(folder, "d"));
        File.WriteAllText(Path.Combine(folder, "d", "f"), "x");
        var directory = LookUp("d");
        var file = LookUp("f", directory);
        Assert.Equal(3, system.KnownNodes.Count);
        Forget(directory);
        Assert.Equal(3, system.KnownNodes.Count); // the file's path needs it
        Assert.Equal("d/f", system.KnownNodes.First(node => node.Number == file).ReplicatedPath);
        Forget(file);
        Assert.Single(system.KnownNodes);

        void Forget(ulong node)
        {
            Make(FuseOpcode.Forget, node, [1, 0, 0, 0, 0, 0, 0, 0]);
            Assert.Equal(FuseVerdict.NoReply, system.Take(ref request));
        }
    }

    [Fact]
    public void Initialization_WithAnOldKernel_IsRefused()
    {
        var old = new FuseWire.InitIn { Major = 7, Minor = 31, Flags = uint.MaxValue };
        Make(FuseOpcode.Init, 0, new ReadOnlySpan<byte>(&old, sizeof(FuseWire.InitIn)));
        system.Take(ref request);
        system.Execute(ref request);
        Assert.Equal(Errno.EPROTO, request.Error);
    }

    [Fact]
    public void Name_WithASlashOrDots_IsRefused()
    {
        foreach (var name in (string[])["../x", "a/b", "..", ".", ""])
        {
            Make(FuseOpcode.MakeDirectory, 1, [0xed, 1, 0, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(name), 0]);
            system.Take(ref request);
            system.Execute(ref request);
            Assert.Equal(Errno.EINVAL, request.Error);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void DamagedRequests_OfEveryKind_AreAnsweredAndHurtNothing(int seed)
    {
        var random = new Random(seed);
        var body = new byte[3000];
        Directory.CreateDirectory(Path.Combine(folder, "d"));
        File.WriteAllText(Path.Combine(folder, "f"), "x");
        LookUp("d");
        LookUp("f");
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(body);
            for (var at = 0; at < 48; at++)
            {
                body[at] = random.Next(3) == 0 ? body[at] : (byte)(random.Next(4) & random.Next(4));
            }

            "f\0d\0new\0"u8.CopyTo(body.AsSpan(8 * random.Next(6)));
            Make((FuseOpcode)random.Next(60), (ulong)random.Next(5), body.AsSpan(0, random.Next(random.Next(2) == 0 ? 60 : 3000)));
            request.In.Uid = random.Next(2) == 0 ? 0u : UidOfNobody;
            request.Length -= random.Next(10) == 0 ? random.Next(120) : 0;
            var verdict = system.Take(ref request);
            if (request.Range == RangeChange.Allocate && request.Bytes > FuseFileSystem.TransferBytesMax)
            {
                continue; // would fill the disk of whoever runs this
            }

            if (verdict is FuseVerdict.Immediate or FuseVerdict.Change || request.DropsPrivileges)
            {
                system.Execute(ref request);
                Assert.InRange(request.Error, 0, 600);
                Assert.True(request.Error == 0 || request.PayloadBytes == 0);
                Assert.True(request.PayloadBytes <= FuseFileSystem.DataBytesMin);
            }
            else if (verdict is FuseVerdict.Read or FuseVerdict.Write)
            {
                Assert.True(request.Bytes <= FuseFileSystem.DataBytesMin);
                Assert.True(request.Descriptor >= 0);
            }
        }

        NativeStat stat;
        Assert.Equal(0, Shim.StatAt(Shim.CurrentDirectory, folder, &stat));
    }

    private void Make(FuseOpcode opcode, ulong node, ReadOnlySpan<byte> body)
    {
        request.Length = FuseWire.InHeaderBytes + body.Length;
        request.In = new FuseWire.InHeader { Length = (uint)request.Length, Opcode = opcode, Unique = 77, Node = node };
        var first = Math.Min(body.Length, Shim.FuseHeaderBytes - FuseWire.InHeaderBytes);
        body[..first].CopyTo(new Span<byte>(request.Header + FuseWire.InHeaderBytes, first));
        body[first..].CopyTo(new Span<byte>(request.Data, FuseFileSystem.DataBytesMin));
    }

    private ulong LookUp(string name, ulong parent = 1)
    {
        Make(FuseOpcode.Lookup, parent, [.. Encoding.UTF8.GetBytes(name), 0]);
        Assert.Equal(FuseVerdict.Immediate, system.Take(ref request));
        system.Execute(ref request);
        Assert.Equal(0, request.Error);
        return ((FuseWire.EntryOut*)request.Payload)->Node;
    }
}
