/** The vendored script is loaded before the modules and leaves this name. */
declare const uPlot: any;
