// The few functions of libvirt.so.0 that are used, found when first needed: libvirt is no condition for a module that is
// no VM. Signatures from libvirt/libvirt-host.h, libvirt-domain.h and virterror.h, stable since libvirt 0.9.13.
using System.Runtime.InteropServices;

namespace HaMirror.Io.Libvirt;

internal sealed unsafe class LibvirtLibrary
{
    /// <summary>VIR_CONNECT_LIST_DOMAINS_ACTIVE.</summary>
    public const uint ListActive = 1;

    /// <summary>VIR_UUID_STRING_BUFLEN.</summary>
    public const int UuidTextBytes = 37;

    public readonly delegate* unmanaged<byte*, nint> ConnectOpen;
    public readonly delegate* unmanaged<nint, int> ConnectClose;
    public readonly delegate* unmanaged<nint, nint**, uint, int> ListAllDomains;
    public readonly delegate* unmanaged<nint, byte*> DomainName;
    public readonly delegate* unmanaged<nint, byte*, int> DomainUuid;
    public readonly delegate* unmanaged<nint, uint, byte*> DomainXml;
    public readonly delegate* unmanaged<nint, int> DomainDestroy;
    public readonly delegate* unmanaged<nint, int> DomainFree;
    public readonly delegate* unmanaged<nint, byte*, nint> LookupByUuid;
    private readonly delegate* unmanaged<byte*> lastErrorMessage;

    private static readonly Lazy<LibvirtLibrary> Instance = new(() => new LibvirtLibrary());

    private LibvirtLibrary()
    {
        if (!NativeLibrary.TryLoad("libvirt.so.0", out var library))
        {
            throw new LibvirtException(
                "libvirt is not installed on this host (libvirt.so.0 is missing); install the Debian package libvirt0 to run "
                + "VMs here.");
        }

        ConnectOpen = (delegate* unmanaged<byte*, nint>)NativeLibrary.GetExport(library, "virConnectOpen");
        ConnectClose = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "virConnectClose");
        ListAllDomains = (delegate* unmanaged<nint, nint**, uint, int>)
            NativeLibrary.GetExport(library, "virConnectListAllDomains");
        DomainName = (delegate* unmanaged<nint, byte*>)NativeLibrary.GetExport(library, "virDomainGetName");
        DomainUuid = (delegate* unmanaged<nint, byte*, int>)NativeLibrary.GetExport(library, "virDomainGetUUIDString");
        DomainXml = (delegate* unmanaged<nint, uint, byte*>)NativeLibrary.GetExport(library, "virDomainGetXMLDesc");
        DomainDestroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "virDomainDestroy");
        DomainFree = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "virDomainFree");
        LookupByUuid = (delegate* unmanaged<nint, byte*, nint>)
            NativeLibrary.GetExport(library, "virDomainLookupByUUIDString");
        lastErrorMessage = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "virGetLastErrorMessage");

        // Without a handler libvirt prints every error to standard error itself.
        var setErrorFunction = (delegate* unmanaged<void*, delegate* unmanaged<void*, void*, void>, void>)
            NativeLibrary.GetExport(library, "virSetErrorFunc");
        setErrorFunction(null, &Ignore);
    }

    /// <summary>The library, loaded once.</summary>
    /// <exception cref="LibvirtException">It is not installed.</exception>
    public static LibvirtLibrary Loaded => Instance.Value;

    /// <summary>Why the last call of this thread failed.</summary>
    public string LastError => Marshal.PtrToStringUTF8((nint)lastErrorMessage()) is { Length: > 0 } text ? text : "no reason given";

    [UnmanagedCallersOnly]
    private static void Ignore(void* user, void* error)
    {
        // Callers fetch the message themselves, with LastError.
    }
}
