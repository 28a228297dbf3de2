using HaMirror.Agent.Hosting;

return await AgentHost.RunAsync(args);
