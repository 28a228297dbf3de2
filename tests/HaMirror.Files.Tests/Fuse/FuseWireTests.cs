using System.Runtime.InteropServices;
using HaMirror.Io.Fuse;

namespace HaMirror.Files.Tests.Fuse;

/// <summary>Sizes that linux/fuse.h gives its structs.</summary>
public sealed unsafe class FuseWireTests
{
    [Fact]
    public void Structs_OfTheKernel_HaveItsSizes()
    {
        Assert.Equal(40, sizeof(FuseWire.InHeader));
        Assert.Equal(88, sizeof(FuseWire.Attributes));
        Assert.Equal(128, sizeof(FuseWire.EntryOut));
        Assert.Equal(104, sizeof(FuseWire.AttributesOut));
        Assert.Equal(8, sizeof(FuseWire.ForgetIn));
        Assert.Equal(16, sizeof(FuseWire.ForgetOne));
        Assert.Equal(8, sizeof(FuseWire.BatchForgetIn));
        Assert.Equal(16, sizeof(FuseWire.GetAttributesIn));
        Assert.Equal(88, sizeof(FuseWire.SetAttributesIn));
        Assert.Equal(16, sizeof(FuseWire.MakeNodeIn));
        Assert.Equal(8, sizeof(FuseWire.MakeDirectoryIn));
        Assert.Equal(8, sizeof(FuseWire.RenameIn));
        Assert.Equal(16, sizeof(FuseWire.Rename2In));
        Assert.Equal(8, sizeof(FuseWire.LinkIn));
        Assert.Equal(8, sizeof(FuseWire.OpenIn));
        Assert.Equal(16, sizeof(FuseWire.CreateIn));
        Assert.Equal(16, sizeof(FuseWire.OpenOut));
        Assert.Equal(144, sizeof(FuseWire.CreateOut));
        Assert.Equal(24, sizeof(FuseWire.ReleaseIn));
        Assert.Equal(40, sizeof(FuseWire.ReadIn));
        Assert.Equal(40, sizeof(FuseWire.WriteIn));
        Assert.Equal(8, sizeof(FuseWire.WriteOut));
        Assert.Equal(80, sizeof(FuseWire.FileSystemStatOut));
        Assert.Equal(16, sizeof(FuseWire.SyncIn));
        Assert.Equal(16, sizeof(FuseWire.SetXattrIn));
        Assert.Equal(8, sizeof(FuseWire.GetXattrIn));
        Assert.Equal(8, sizeof(FuseWire.GetXattrOut));
        Assert.Equal(16, sizeof(FuseWire.InitIn));
        Assert.Equal(64, sizeof(FuseWire.InitOut));
        Assert.Equal(36, (int)Marshal.OffsetOf<FuseWire.InitOut>("StackDepthMax"));
        Assert.Equal(12, (int)Marshal.OffsetOf<FuseWire.OpenOut>("Backing"));
        Assert.Equal(32, sizeof(FuseWire.AllocateIn));
        Assert.Equal(24, sizeof(FuseWire.SeekIn));
        Assert.Equal(8, sizeof(FuseWire.SeekOut));
        Assert.Equal(24, sizeof(FuseWire.DirectoryEntry));
        Assert.Equal(0, (int)Marshal.OffsetOf<FuseWire.SetAttributesIn>("Valid"));
        Assert.Equal(68, (int)Marshal.OffsetOf<FuseWire.SetAttributesIn>("Mode"));
        Assert.Equal(76, (int)Marshal.OffsetOf<FuseWire.SetAttributesIn>("Uid"));
    }
}
