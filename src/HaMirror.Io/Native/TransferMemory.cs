// Where the bytes of requests and writes stand: each of a number of places has room for the largest, twice.
// Why twice: a device is handed memory page by page, and of a 1 MiB write that was a fifth of all its CPU. In pages of 2 MiB it
// is a fraction; but those are taken whole when one byte is touched, which small writes must not do: they have pages of 4 KiB.
namespace HaMirror.Io.Native;

/// <summary>Room for a fixed number of transfers, in small pages and in large ones. Addresses that nobody touched cost nothing.</summary>
public sealed unsafe class TransferMemory : IDisposable
{
    private readonly PageBlock _small;
    private readonly PageBlock _large;
    private readonly int _stride;

    /// <param name="count">Places.</param>
    /// <param name="bytes">Of each; a multiple of 4 KiB.</param>
    public TransferMemory(int count, int bytes)
    {
        _stride = bytes;
        _small = new PageBlock((long)count * bytes);
        _large = new PageBlock((long)count * bytes);
        // A kernel without such pages gives small ones, and all is as before.
        _ = Shim.PagesPreferHuge(_large.Address, (nuint)_large.Bytes);
    }

    /// <summary>A place for what is small.</summary>
    public byte* Small(int place) => _small.Address + (long)place * _stride;

    /// <summary>The same place for what is large.</summary>
    public byte* Large(int place) => _large.Address + (long)place * _stride;

    /// <summary>Gives back what one place has taken in small pages.</summary>
    public void ForgetSmall(int place) => Shim.Check(Shim.PagesForget(Small(place), (nuint)_stride), "give the memory of a request back");

    /// <summary>Gives all large pages back; no place may be in use there.</summary>
    public void ForgetLarge() => _large.Forget();

    public void Dispose()
    {
        _small.Dispose();
        _large.Dispose();
    }
}
