// Error numbers of Linux (asm-generic) that HaMirror names, and what they mean to an operator.
// Constants keep the names of errno(3), because that is what every manual page calls them.
namespace HaMirror.Io.Native;

/// <summary>Error numbers, positive as in errno(3), and words for them.</summary>
public static class Errno
{
    /// <summary>Operation not permitted.</summary>
    public const int EPERM = 1;

    /// <summary>No such file or directory.</summary>
    public const int ENOENT = 2;

    /// <summary>Interrupted by a signal.</summary>
    public const int EINTR = 4;

    /// <summary>Input/output error of the device.</summary>
    public const int EIO = 5;

    /// <summary>No such device, address or data.</summary>
    public const int ENXIO = 6;

    /// <summary>Argument list too long.</summary>
    public const int E2BIG = 7;

    /// <summary>Bad file descriptor.</summary>
    public const int EBADF = 9;

    /// <summary>Nothing there yet, try again.</summary>
    public const int EAGAIN = 11;

    /// <summary>Out of memory.</summary>
    public const int ENOMEM = 12;

    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;

    /// <summary>Bad address.</summary>
    public const int EFAULT = 14;

    /// <summary>Device or resource busy.</summary>
    public const int EBUSY = 16;

    /// <summary>File exists.</summary>
    public const int EEXIST = 17;

    /// <summary>Source and target lie on different file systems.</summary>
    public const int EXDEV = 18;

    /// <summary>No such device.</summary>
    public const int ENODEV = 19;

    /// <summary>Not a directory.</summary>
    public const int ENOTDIR = 20;

    /// <summary>Is a directory.</summary>
    public const int EISDIR = 21;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>Too many open files in the system.</summary>
    public const int ENFILE = 23;

    /// <summary>Too many open files in this process.</summary>
    public const int EMFILE = 24;

    /// <summary>This device does not know that control call.</summary>
    public const int ENOTTY = 25;

    /// <summary>The program file is being run.</summary>
    public const int ETXTBSY = 26;

    /// <summary>File too large.</summary>
    public const int EFBIG = 27;

    /// <summary>No space left on the file system.</summary>
    public const int ENOSPC = 28;

    /// <summary>A pipe or socket cannot seek.</summary>
    public const int ESPIPE = 29;

    /// <summary>Read-only file system.</summary>
    public const int EROFS = 30;

    /// <summary>Too many names for one file.</summary>
    public const int EMLINK = 31;

    /// <summary>The other end has closed.</summary>
    public const int EPIPE = 32;

    /// <summary>Result too large for the room given.</summary>
    public const int ERANGE = 34;

    /// <summary>A lock would wait for itself.</summary>
    public const int EDEADLK = 35;

    /// <summary>Name too long.</summary>
    public const int ENAMETOOLONG = 36;

    /// <summary>The kernel does not know this call.</summary>
    public const int ENOSYS = 38;

    /// <summary>Directory not empty.</summary>
    public const int ENOTEMPTY = 39;

    /// <summary>A symbolic link stands where none is allowed, or too many of them.</summary>
    public const int ELOOP = 40;

    /// <summary>No such attribute.</summary>
    public const int ENODATA = 61;

    /// <summary>Time is up.</summary>
    public const int ETIME = 62;

    /// <summary>Protocol error.</summary>
    public const int EPROTO = 71;

    /// <summary>Damaged message.</summary>
    public const int EBADMSG = 74;

    /// <summary>Value too large for its type.</summary>
    public const int EOVERFLOW = 75;

    /// <summary>Illegal byte sequence.</summary>
    public const int EILSEQ = 84;

    /// <summary>Too many users.</summary>
    public const int EUSERS = 87;

    /// <summary>Not a socket.</summary>
    public const int ENOTSOCK = 88;

    /// <summary>Message too long.</summary>
    public const int EMSGSIZE = 90;

    /// <summary>Not supported by this file system.</summary>
    public const int EOPNOTSUPP = 95;

    /// <summary>Address already in use.</summary>
    public const int EADDRINUSE = 98;

    /// <summary>This host does not have that address.</summary>
    public const int EADDRNOTAVAIL = 99;

    /// <summary>The network is down.</summary>
    public const int ENETDOWN = 100;

    /// <summary>The network is unreachable.</summary>
    public const int ENETUNREACH = 101;

    /// <summary>Connection aborted.</summary>
    public const int ECONNABORTED = 103;

    /// <summary>Connection reset by the other end.</summary>
    public const int ECONNRESET = 104;

    /// <summary>No buffer space left.</summary>
    public const int ENOBUFS = 105;

    /// <summary>Not connected.</summary>
    public const int ENOTCONN = 107;

    /// <summary>The other end has shut down.</summary>
    public const int ESHUTDOWN = 108;

    /// <summary>No answer in time.</summary>
    public const int ETIMEDOUT = 110;

    /// <summary>Connection refused.</summary>
    public const int ECONNREFUSED = 111;

    /// <summary>The host is down.</summary>
    public const int EHOSTDOWN = 112;

    /// <summary>No route to the host.</summary>
    public const int EHOSTUNREACH = 113;

    /// <summary>Already under way.</summary>
    public const int EALREADY = 114;

    /// <summary>Still under way.</summary>
    public const int EINPROGRESS = 115;

    /// <summary>The file no longer exists.</summary>
    public const int ESTALE = 116;

    /// <summary>The file system's structure is damaged.</summary>
    public const int EUCLEAN = 117;

    /// <summary>Input/output error behind the device.</summary>
    public const int EREMOTEIO = 121;

    /// <summary>Disk quota exceeded.</summary>
    public const int EDQUOT = 122;

    /// <summary>Cancelled.</summary>
    public const int ECANCELED = 125;

    /// <summary>The other end holds another cluster key.</summary>
    public const int EKEYREJECTED = 129;

    /// <summary>A few words for an error number, to be put into a sentence: "no space left on the file system
    /// (ENOSPC)".</summary>
    /// <param name="errno">Positive or negative.</param>
    public static string Describe(int errno) => Math.Abs(errno) switch
    {
        EPERM => "operation not permitted (EPERM)",
        ENOENT => "no such file or directory (ENOENT)",
        EINTR => "interrupted by a signal (EINTR)",
        EIO => "input/output error of the device (EIO)",
        ENXIO => "no such device, address or data (ENXIO)",
        E2BIG => "argument list too long (E2BIG)",
        EBADF => "bad file descriptor (EBADF)",
        EAGAIN => "nothing there yet, try again (EAGAIN)",
        ENOMEM => "out of memory (ENOMEM)",
        EACCES => "permission denied (EACCES)",
        EFAULT => "bad address (EFAULT)",
        EBUSY => "device or resource busy (EBUSY)",
        EEXIST => "file exists (EEXIST)",
        EXDEV => "source and target lie on different file systems (EXDEV)",
        ENODEV => "no such device (ENODEV)",
        ENOTDIR => "not a directory (ENOTDIR)",
        EISDIR => "is a directory (EISDIR)",
        EINVAL => "invalid argument (EINVAL)",
        ENFILE => "too many open files in the system (ENFILE)",
        EMFILE => "too many open files in this process (EMFILE)",
        ENOTTY => "this device does not know that control call (ENOTTY)",
        ETXTBSY => "the file is being run as a program, or read past the mirror (ETXTBSY)",
        EFBIG => "file too large (EFBIG)",
        ENOSPC => "no space left on the file system (ENOSPC)",
        ESPIPE => "a pipe or socket cannot seek (ESPIPE)",
        EROFS => "read-only file system (EROFS)",
        EMLINK => "too many names for one file (EMLINK)",
        EPIPE => "the other end has closed (EPIPE)",
        ERANGE => "result too large for the room given (ERANGE)",
        EDEADLK => "a lock would wait for itself (EDEADLK)",
        ENAMETOOLONG => "name too long (ENAMETOOLONG)",
        ENOSYS => "the kernel does not know this call (ENOSYS)",
        ENOTEMPTY => "directory not empty (ENOTEMPTY)",
        ELOOP => "a symbolic link stands where none is allowed, or too many of them (ELOOP)",
        ENODATA => "no such attribute (ENODATA)",
        ETIME => "time is up (ETIME)",
        EPROTO => "protocol error (EPROTO)",
        EBADMSG => "damaged message (EBADMSG)",
        EOVERFLOW => "value too large for its type (EOVERFLOW)",
        EILSEQ => "illegal byte sequence (EILSEQ)",
        EUSERS => "too many users (EUSERS)",
        ENOTSOCK => "not a socket (ENOTSOCK)",
        EMSGSIZE => "message too long (EMSGSIZE)",
        EOPNOTSUPP => "not supported by this file system (EOPNOTSUPP)",
        EADDRINUSE => "address already in use (EADDRINUSE)",
        EADDRNOTAVAIL => "this host does not have that address (EADDRNOTAVAIL)",
        ENETDOWN => "the network is down (ENETDOWN)",
        ENETUNREACH => "the network is unreachable (ENETUNREACH)",
        ECONNABORTED => "connection aborted (ECONNABORTED)",
        ECONNRESET => "connection reset by the other end (ECONNRESET)",
        ENOBUFS => "no buffer space left (ENOBUFS)",
        ENOTCONN => "not connected (ENOTCONN)",
        ESHUTDOWN => "the other end has shut down (ESHUTDOWN)",
        ETIMEDOUT => "no answer in time (ETIMEDOUT)",
        ECONNREFUSED => "connection refused (ECONNREFUSED)",
        EHOSTDOWN => "the host is down (EHOSTDOWN)",
        EHOSTUNREACH => "no route to the host (EHOSTUNREACH)",
        EALREADY => "already under way (EALREADY)",
        EINPROGRESS => "still under way (EINPROGRESS)",
        ESTALE => "the file no longer exists (ESTALE)",
        EUCLEAN => "the file system's structure is damaged (EUCLEAN)",
        EREMOTEIO => "input/output error behind the device (EREMOTEIO)",
        EDQUOT => "disk quota exceeded (EDQUOT)",
        ECANCELED => "cancelled (ECANCELED)",
        EKEYREJECTED => "the other end holds another cluster key (EKEYREJECTED)",
        var other => $"error {other}",
    };
}
