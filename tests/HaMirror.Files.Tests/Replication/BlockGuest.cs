// A user of one file in blocks, who knows what was acknowledged.
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Replication;

internal sealed unsafe class BlockGuest : IDisposable
{
    private const int BlockBytes = 4096;
    private const int RoomCount = 4096;

    private readonly int _descriptor;
    private readonly byte[] _known = new byte[RoomCount];

    public BlockGuest(string path, bool direct, int blocks)
    {
        _descriptor = Shim.Check(
            Shim.Open(Shim.CurrentDirectory, path, OpenFlags.ReadWrite | OpenFlags.Create | (direct ? OpenFlags.Direct : 0), 0x1a4), "open");
        Shim.Check(Shim.Truncate(_descriptor, (ulong)(blocks * BlockBytes)), "truncate");
    }

    public long Length
    {
        get
        {
            NativeStat stat;
            Shim.Check(Shim.StatAt(_descriptor, "", &stat), "stat");
            return (long)stat.Size;
        }
    }

    public void SetLength(long bytes)
    {
        Shim.Check(Shim.Truncate(_descriptor, (ulong)bytes), "truncate");
        _known.AsSpan((int)(bytes / BlockBytes)).Clear();
    }

    public int TryWrite(int block, int value)
    {
        using var page = new PageBlock(BlockBytes);
        new Span<byte>(page.Address, BlockBytes).Fill((byte)value);
        var result = Shim.WriteAt(_descriptor, page.Address, BlockBytes, (ulong)(block * BlockBytes));
        if (result < 0)
            return (int)-result;
        _known[block] = (byte)value;
        return 0;
    }

    public int TryRead(int block)
    {
        using var page = new PageBlock(BlockBytes);
        return (int)-Math.Min(0, Shim.ReadAt(_descriptor, page.Address, BlockBytes, (ulong)(block * BlockBytes)));
    }

    public void Write(int block, int value) => Assert.Equal(0, TryWrite(block, value));

    public void WriteAll(int value)
    {
        for (var block = 0; block < Length / BlockBytes; block++)
            Write(block, value);
    }

    public void Expect(int block, int value)
    {
        using var page = new PageBlock(BlockBytes);
        Assert.Equal(BlockBytes, Shim.ReadAt(_descriptor, page.Address, BlockBytes, (ulong)(block * BlockBytes)));
        Assert.False(new Span<byte>(page.Address, BlockBytes).ContainsAnyExcept((byte)value), $"block {block} is {page.Address[0]}, not {value}");
    }

    public void ExpectAll(int value)
    {
        for (var block = 0; block < Length / BlockBytes; block++)
            Expect(block, value);
    }

    public void Flush() => Shim.Check(Shim.Sync(_descriptor, 0), "flush");

    /// <summary>What the first blocks must hold.</summary>
    public byte[] Content(int blocks)
    {
        var content = new byte[blocks * BlockBytes];
        for (var block = 0; block < blocks; block++)
            content.AsSpan(block * BlockBytes, BlockBytes).Fill(_known[block]);
        return content;
    }

    public void Dispose() => _ = Shim.Close(_descriptor);
}
