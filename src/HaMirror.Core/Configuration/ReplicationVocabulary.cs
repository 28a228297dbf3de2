using System.Collections.Immutable;
using static HaMirror.Core.Configuration.ModuleVocabulary;

namespace HaMirror.Core.Configuration;

/// <summary>The part of the vocabulary beneath <c>rfs</c> (reference, section 2.4).</summary>
internal static class ReplicationVocabulary
{
    public static KnownElement Root => new("rfs", "replicated directories")
    {
        Attributes = [.. Used, .. WithoutEffect, .. Old],
        Children =
        [
            new("replicated", "a directory that both nodes have")
            {
                Many = true,
                Attributes =
                [
                    Text("dir", null, "absolute path, the same on both nodes") with { Required = true },
                    Choice("mode", null, "the SECOND's copy is always read-only", "read_only", "read_write") with { Standing = Standing.Legacy },
                ],
                Children =
                [
                    new("notreplicated", "what stays local; one of both attributes")
                    {
                        Many = true,
                        Attributes =
                        [
                            Text("path", null, "relative path of a file or a subtree"),
                            Free("regexpath", null, "POSIX extended expression over relative paths; a leading `!`: only files that match are mirrored"),
                        ],
                    },
                    new("tocheck", "must exist before the module starts")
                    {
                        Many = true,
                        Attributes = [Text("path", null, "relative path") with { Required = true }],
                    },
                ],
            },
        ],
    };

    private static ImmutableArray<KnownAttribute> Used =>
    [
        Choice("async", "second", "`second`: a write is acknowledged when the peer holds it; `none`: when the peer's disk has it", "second", "none"),
        OnOff("encryption", "on", "TLS 1.3 on the replication link"),
        Duration("locktimeout", "3s", TimeUnit.Second, "a replication request unanswered this long: the primary goes on ALONE"),
        Duration("sendtimeout", "3s", TimeUnit.Second, "nothing could be sent this long: the same"),
        Choice("divergence", "primary", "both nodes went on alone: `primary`: the node that was primary before is kept, what only the other one holds is saved first as a salvage set; `manual`: an operator decides", "primary", "manual"),
        Whole("nbrei", "6", "resync requests in flight at once", 1, 64),
        Whole("reiallowedbw", null, "cap on resync in KB/s; none: unlimited", 1, 1L << 40),
        Whole("hotareas", "2560", "areas of 4 MiB that may be written without recording each first; after a crash they are compared", 64, 65536),
        OnOff("parallelwrites", "on", "direct writes to one file go side by side; Linux 6.2 or later"),
        Whole("requestsize", "1024", "largest request of the kernel, in KiB", 128, 1024),
        OnOff("passthrough", "off", "a file that nobody has permission to write (mode 0444) and that is opened for reading only is read by the kernel itself; Linux 6.9 or later. Opening it for writing meanwhile says ETXTBSY, and the peer does not read for it when this node's disk fails"),
        Duration("checktime", "10s", TimeUnit.Millisecond, "a null request on the mount that takes longer: the mount hangs"),
        Duration("checkintv", "5s", TimeUnit.Second, "interval of that request"),
    ];

    private static ImmutableArray<KnownAttribute> WithoutEffect =>
    [
        .. from row in (ImmutableArray<KnownAttribute>)
           [
               OnOff("acl", "off", "ACLs are always replicated"),
               Whole("packetsize", null, "chosen by itself", 0, 1L << 40),
               Whole("reipacketsize", "8388608", "chosen by itself", 0, 1L << 40),
               Whole("ruzone_blocksize", "8388608", "changes are tracked to 4 KiB", 0, 1L << 40),
               Whole("namespacepolicy", "4", "an interrupted resync always goes on where it was", 0, 4),
               Duration("reitimeout", "150s", TimeUnit.Second, "a resync lives as long as its link"),
               Whole("reicommit", "0", "barriers flow once a second", 0, 1L << 40),
               OnOff("reidetail", "off", "progress is always shown"),
               Whole("nbremconn", "1", "one connection for data, one for control", 1, 64),
               OnOff("scripts", "off", "there are no callback scripts"),
               Duration("syncdelta", "0m", TimeUnit.Minute, "a replica that is not up to date never starts by itself") with { ZeroAllowed = true },
               Free("syncat", null, "replication is always on"),
           ]
           select row with { Standing = Standing.WithoutEffect },
    ];

    private static ImmutableArray<KnownAttribute> Old =>
    [
        Text("mountover", null, "directories are always mounted over") with { Standing = Standing.Legacy },
        Text("mountoversuffix", null, "nothing is renamed") with { Standing = Standing.Legacy },
        Text("flow", null, "use `<heartbeat ident=\"flow\">`") with { Standing = Standing.Legacy },
        Text("server", null, "use `<heartbeat ident=\"flow\">`") with { Standing = Standing.Legacy },
        Text("iotimeout", null, "time-out of a filter") with { Standing = Standing.Windows },
        Text("roflags", null, "log of writers on the SECOND") with { Standing = Standing.Windows },
        Text("allocthreshold", null, "preallocation") with { Standing = Standing.Windows },
        Text("nfsbox_options", null, "mount points inside the directory") with { Standing = Standing.Windows },
    ];
}
