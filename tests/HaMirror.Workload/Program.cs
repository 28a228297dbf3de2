// What tests run as a module's service: processes that use the mount as a guest does and remember outside what they were
// promised.
//
//   hamirror-workload serve DIRECTORY LEDGER NODE     writes records, blocks and names; checks first what it finds
//   hamirror-workload image DIRECTORY LEDGER NODE     the same with nothing but random writes to a large sparse image
//   hamirror-workload torture DIRECTORY LEDGER SLOT   does everything that a file system can be asked for, at random
using System.Globalization;
using HaMirror.Workload;
using HaMirror.Workload.Torture;

return args switch
{
    [("serve" or "image") and var what, var directory, var ledger, var node] =>
        new Service(directory, ledger, node, isImage: what == "image").Run(),
    ["torture", var directory, var ledger, var slot] =>
        new TortureWorker(directory, ledger, int.Parse(slot, CultureInfo.InvariantCulture)).Run(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: hamirror-workload serve|image DIRECTORY LEDGER NODE | torture DIRECTORY LEDGER SLOT");
    return 2;
}
