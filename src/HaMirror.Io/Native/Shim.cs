// The only place where libhamirror_shim.so is bound; native-shim/include/hamirror_shim.h is the contract and holds the
// rules of every function: >= 0 on success, -errno on failure; one handle, one thread at a time.
// Invariant: no call reaches a library of another version or with other struct layouts, because the resolver, which
// runs before the first call, refuses it.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace HaMirror.Io.Native;

/// <summary>The calls of the native shim.</summary>
public static unsafe partial class Shim
{
    private const string Library = "hamirror_shim";
    private const string FileName = "libhamirror_shim.so";
    private const uint Version = 1;

    private static readonly Lock Gate = new();
    private static nint loaded;

    static Shim() => NativeLibrary.SetDllImportResolver(typeof(Shim).Assembly, Resolve);

    /// <summary>Throws a sentence when a call failed; returns its result otherwise.</summary>
    /// <param name="result">What a call of this class returned.</param>
    /// <param name="doing">What was being done and to what, as in "open /vm/disk.qcow2".</param>
    /// <exception cref="ShimException">The result is negative.</exception>
    public static int Check(int result, string doing) => (int)Check((long)result, doing);

    /// <inheritdoc cref="Check(int, string)"/>
    public static long Check(long result, string doing) =>
        result >= 0 ? result : throw new ShimException($"Cannot {doing}: {Errno.Describe((int)-result)}.", (int)-result);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != Library)
        {
            return 0; // the runtime's own rules
        }

        lock (Gate)
        {
            return loaded != 0 ? loaded : loaded = Load(assembly);
        }
    }

    private static nint Load(Assembly assembly)
    {
        // Beside the assembly, and nowhere else: a stray copy in the library path must not be picked up.
        var path = Path.Combine(Path.GetDirectoryName(assembly.Location) is { Length: > 0 } beside
            ? beside
            : AppContext.BaseDirectory, FileName);
        if (!File.Exists(path))
        {
            throw new ShimException(
                $"The native library {path} is missing; build it with 'make -C native-shim' or install the package again.");
        }

        nint handle;
        try
        {
            handle = NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e)
        {
            throw new ShimException(
                $"The native library {path} cannot be loaded ({e.Message.ReplaceLineEndings(" ").Trim()}); it needs the "
                + "Debian packages libssl3, liburing2, liblz4-1 and libxxhash0.");
        }

        Verify(handle, path);
        return handle;
    }

    private static void Verify(nint handle, string path)
    {
        if (!NativeLibrary.TryGetExport(handle, "hm_shim_version", out var versionOf)
            || !NativeLibrary.TryGetExport(handle, "hm_struct_size", out var sizeOf))
        {
            throw new ShimException($"{path} is not the native library of HaMirror; install the package again.");
        }

        var version = ((delegate* unmanaged<uint>)versionOf)();
        if (version != Version)
        {
            throw new ShimException(
                $"{path} has version {version}, but this program needs version {Version}; build or install both together.");
        }

        ReadOnlySpan<int> sizes =
        [
            sizeof(NativeRequest), sizeof(NativeReply), sizeof(NativeIo), sizeof(NativeDone), sizeof(NativeStat),
            sizeof(NativePoll),
        ];
        for (var i = 0; i < sizes.Length; i++)
        {
            var native = ((delegate* unmanaged<int, int>)sizeOf)(i);
            if (native != sizes[i])
            {
                throw new ShimException(
                    $"{path} lays out struct {i} in {native} bytes, this program in {sizes[i]}; build or install both "
                    + "together.");
            }
        }
    }
}
