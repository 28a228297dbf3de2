using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HaMirror.Io.Heartbeats;

/// <summary>Seals and opens heartbeats between this life of this node and the present life of its peer.</summary>
/// <remarks>
/// A datagram is a clear header of 64 bytes, the sealed content, and a tag of 16 bytes (AES-256-GCM, the header is
/// authenticated with it). Integers are little-endian:
/// <code>
///  offset size field
///       0    4 magic "HMHB"
///       4    1 version, 1
///       5    3 reserved, zero
///       8   16 cluster
///      24   16 boot of the sender
///      40   16 boot of the receiver, as the sender knows it; zero: not yet
///      56    8 counter of the sender's life, from 1
///      64    . content
/// </code>
/// (1) The key is HKDF-SHA256(cluster key, salt = boot, info = "hamirror heartbeat " + sender's name): one key per life, so
/// that the counter alone is a nonce that never repeats.
/// (2) Only a datagram that names the receiver's own present boot is accepted. Whoever replays what a dead node once sent
/// cannot make it name a boot that did not exist then; no clock is needed.
/// (3) Once a newer life of the peer is accepted, the older one is refused for good: its datagrams may name our boot.
/// (4) Each counter of a life is accepted once.
/// Safe to use from several threads.
/// </remarks>
public sealed class HeartbeatSession : IDisposable
{
    public const int HeaderBytes = 64;
    public const int TagBytes = 16;

    /// <summary>A datagram that passes every path unfragmented: IPv6's least MTU of 1280 less 48 of headers, and some spare.</summary>
    public const int DatagramBytesMax = 1200;

    public const int ContentBytesMax = DatagramBytesMax - HeaderBytes - TagBytes;

    private const byte Version = 1;
    private const int ClusterAt = 8, BootAt = 24, EchoAt = 40, CounterAt = 56;

    /// <summary>Only an authentic peer adds to it, once per restart: the bound is never reached by a sane one.</summary>
    private const int RetiredMax = 4096;

    private readonly Lock _lock = new();
    private readonly byte[] _clusterKey;
    private readonly Guid _cluster;
    private readonly string _peerName;
    private readonly AesGcm _own;
    private readonly Queue<BootId> _retired = new();
    private AesGcm? _peer;
    private BootId _peerBoot;
    private ReplayWindow _window;
    private ulong _counter;

    /// <param name="clusterKey">The 32 bytes of cluster.key.</param>
    public HeartbeatSession(ReadOnlySpan<byte> clusterKey, Guid cluster, string nodeName, string peerName, BootId boot)
    {
        _clusterKey = clusterKey.ToArray();
        _cluster = cluster;
        _peerName = peerName;
        Boot = boot;
        _own = Cipher(boot, nodeName);
    }

    public BootId Boot { get; }

    /// <summary>The peer's present life; none before the first accepted heartbeat.</summary>
    public BootId PeerBoot
    {
        get { lock (_lock) return _peerBoot; }
    }

    /// <summary>Seals <paramref name="content"/> into <paramref name="datagram"/>, to the peer's present life.</summary>
    /// <returns>Length of the datagram.</returns>
    public int Seal(ReadOnlySpan<byte> content, Span<byte> datagram) => Seal(content, datagram, PeerBoot);

    /// <summary>As above, to the life that sent an <see cref="HeartbeatVerdict.Unproven"/> datagram.</summary>
    public int Seal(ReadOnlySpan<byte> content, Span<byte> datagram, BootId echo)
    {
        if (content.Length > ContentBytesMax)
            throw new ArgumentException($"A heartbeat holds {ContentBytesMax} bytes, not {content.Length}.", nameof(content));
        var header = datagram[..HeaderBytes];
        header.Clear();
        "HMHB"u8.CopyTo(header);
        header[4] = Version;
        _cluster.TryWriteBytes(header[ClusterAt..]);
        Boot.Write(header[BootAt..]);
        echo.Write(header[EchoAt..]);
        lock (_lock)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(header[CounterAt..], ++_counter);
            _own.Encrypt(Nonce(stackalloc byte[12], _counter), content, datagram.Slice(HeaderBytes, content.Length),
                datagram.Slice(HeaderBytes + content.Length, TagBytes), header);
        }

        return HeaderBytes + content.Length + TagBytes;
    }

    /// <summary>Judges a datagram and, when authentic, leaves its content in <paramref name="content"/>.</summary>
    /// <param name="contentLength">Length of the content; 0 unless Accepted or Unproven.</param>
    /// <param name="sender">The boot that sent it, when authentic.</param>
    public HeartbeatVerdict Open(ReadOnlySpan<byte> datagram, Span<byte> content, out int contentLength, out BootId sender)
    {
        contentLength = 0;
        sender = BootId.None;
        if (datagram.Length is < HeaderBytes + TagBytes or > DatagramBytesMax) return HeartbeatVerdict.Malformed;
        var header = datagram[..HeaderBytes];
        if (!header.StartsWith("HMHB"u8)) return HeartbeatVerdict.Malformed;
        if (header[4] != Version) return HeartbeatVerdict.OtherVersion;
        if (header.Slice(5, 3).ContainsAnyExcept((byte)0)) return HeartbeatVerdict.Malformed;
        if (new Guid(header.Slice(ClusterAt, 16)) != _cluster) return HeartbeatVerdict.OtherCluster;
        var boot = BootId.Read(header[BootAt..]);
        if (boot == Boot) return HeartbeatVerdict.Replayed;
        var counter = BinaryPrimitives.ReadUInt64LittleEndian(header[CounterAt..]);
        lock (_lock)
        {
            if (_retired.Contains(boot)) return HeartbeatVerdict.Retired;
            var cipher = boot == _peerBoot && _peer is not null ? _peer : Cipher(boot, _peerName);
            var verdict = Judge(cipher, datagram, content, boot, counter);
            if (verdict is HeartbeatVerdict.Accepted or HeartbeatVerdict.Unproven)
            {
                contentLength = datagram.Length - HeaderBytes - TagBytes;
                sender = boot;
            }

            if (cipher != _peer) cipher.Dispose();
            return verdict;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _own.Dispose();
            _peer?.Dispose();
            CryptographicOperations.ZeroMemory(_clusterKey);
        }
    }

    private HeartbeatVerdict Judge(AesGcm cipher, ReadOnlySpan<byte> datagram, Span<byte> content, BootId boot, ulong counter)
    {
        var length = datagram.Length - HeaderBytes - TagBytes;
        try
        {
            cipher.Decrypt(Nonce(stackalloc byte[12], counter), datagram.Slice(HeaderBytes, length), datagram[^TagBytes..],
                content[..length], datagram[..HeaderBytes]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return HeartbeatVerdict.Forged;
        }

        if (BootId.Read(datagram[EchoAt..]) != Boot) return HeartbeatVerdict.Unproven;
        if (boot != _peerBoot) Meet(boot, cipher);
        return _window.TryAccept(counter) ? HeartbeatVerdict.Accepted : HeartbeatVerdict.Replayed;
    }

    private void Meet(BootId boot, AesGcm cipher)
    {
        if (_peerBoot != BootId.None)
        {
            if (_retired.Count == RetiredMax) _retired.Dequeue();
            _retired.Enqueue(_peerBoot);
        }

        _peer?.Dispose();
        _peer = cipher;
        _peerBoot = boot;
        _window = default;
    }

    private AesGcm Cipher(BootId boot, string sender)
    {
        Span<byte> salt = stackalloc byte[BootId.Size];
        Span<byte> key = stackalloc byte[32];
        boot.Write(salt);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _clusterKey, key, salt, Encoding.UTF8.GetBytes("hamirror heartbeat " + sender));
        var cipher = new AesGcm(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private static Span<byte> Nonce(Span<byte> nonce, ulong counter)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(nonce[4..], counter);
        return nonce;
    }
}
