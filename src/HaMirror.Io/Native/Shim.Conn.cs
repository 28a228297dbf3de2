// Connections: a connected TCP socket, plain or under TLS 1.3 with an external pre-shared key. Never blocks.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

public static unsafe partial class Shim
{
    /// <summary>Length of the pre-shared key in bytes.</summary>
    public const int ConnKeyBytes = 32;

    /// <summary>Longest identity in bytes of UTF-8.</summary>
    public const int ConnIdentityBytes = 64;

    /// <summary>A plain connection; the socket is made non-blocking.</summary>
    [LibraryImport(Library, EntryPoint = "hm_conn_plain")]
    public static partial ConnHandle ConnPlain(int socket);

    /// <summary>An encrypted connection; the handshake is still to be made.</summary>
    /// <param name="socket">A connected stream socket.</param>
    /// <param name="server">1 on the accepting end, 0 on the dialling one.</param>
    /// <param name="key"><see cref="ConnKeyBytes"/> bytes.</param>
    /// <param name="identity">The cluster's id; sent in clear, must be equal on both ends.</param>
    [LibraryImport(Library, EntryPoint = "hm_conn_tls", StringMarshalling = StringMarshalling.Utf8)]
    public static partial ConnHandle ConnTls(int socket, int server, byte* key, string identity);

    /// <summary>0 done; 1 wait for readable; 2 wait for writable; -EKEYREJECTED wrong key or identity; other
    /// -errno.</summary>
    [LibraryImport(Library, EntryPoint = "hm_conn_handshake")]
    public static partial int ConnHandshake(ConnHandle conn);

    /// <summary>Sends what it can without waiting: bytes taken, 0 wait for writable, -errno. After 0 the same bytes
    /// come
    /// first again.</summary>
    [LibraryImport(Library, EntryPoint = "hm_conn_send")]
    public static partial long ConnSend(ConnHandle conn, NativeVector* parts, int count);

    /// <summary>Receives what is there: bytes, 0 when the peer closed, -EAGAIN when nothing waits, other
    /// -errno.</summary>
    [LibraryImport(Library, EntryPoint = "hm_conn_receive")]
    public static partial long ConnReceive(ConnHandle conn, byte* buffer, ulong bytes);

    /// <summary>Decrypted bytes that a poll of the socket would not show.</summary>
    [LibraryImport(Library, EntryPoint = "hm_conn_pending")]
    public static partial long ConnPending(ConnHandle conn);

    [LibraryImport(Library, EntryPoint = "hm_conn_close")]
    internal static partial void ConnClose(nint conn);
}
