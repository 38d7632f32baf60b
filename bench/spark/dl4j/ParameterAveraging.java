import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Trains a net on MNIST by parameter averaging in two executors. Arguments: --net N --epochs N --data FOLDER, in this order. */
public final class ParameterAveraging {
  static final int BATCH = 64;
  static final int WORKERS = 2;

  public static void main(String[] args) throws Exception {
    String net = args[1];
    int epochs = Integer.parseInt(args[3]);
    Path folder = Path.of(args[5]);

    JavaSparkContext sc = new JavaSparkContext(new SparkConf()); // configured by system properties, see compare.py
    long deadline = System.currentTimeMillis() + 120_000;
    while (sc.sc().getExecutorMemoryStatus().size() < 1 + WORKERS) {
      if (System.currentTimeMillis() > deadline) {
        throw new IllegalStateException("the executors did not come within 120 s");
      }
      Thread.sleep(50);
    }

    INDArray x = images(folder.resolve("train-images-idx3-ubyte"));
    INDArray y = labels(folder.resolve("train-labels-idx1-ubyte"));
    int share = BATCH / WORKERS;
    List<DataSet> batches = new ArrayList<>();
    for (long at = 0; at + share <= x.rows(); at += share) {
      batches.add(new DataSet(slice(x, at, at + share), slice(y, at, at + share)));
    }
    ParameterAveragingTrainingMaster master = new ParameterAveragingTrainingMaster.Builder(WORKERS, share)
        .batchSizePerWorker(share).averagingFrequency(5).workerPrefetchNumBatches(2)
        .rddTrainingApproach(RDDTrainingApproach.Direct) // Export, the default, wants HDFS
        .repartionData(Repartition.NumPartitionsWorkersDiffers).build(); // each worker has a partition already
    Path marks = Files.createTempDirectory("ember-bench-");

    double begin = System.currentTimeMillis() / 1e3;
    SparkDl4jMultiLayer model = new SparkDl4jMultiLayer(sc, configuration(net), master);
    model.setListeners(List.of(new FirstStep(marks.toString())));
    for (int epoch = 0; epoch < epochs; epoch++) {
      model.fit(sc.parallelize(batches, WORKERS));
    }
    double seconds = System.currentTimeMillis() / 1e3 - begin;

    double first = 0;
    try (var files = Files.list(marks)) {
      for (Path mark : (Iterable<Path>) files::iterator) {
        first = Math.max(first, Double.parseDouble(Files.readString(mark)) - begin);
        Files.delete(mark);
      }
    }
    Files.delete(marks);
    long samples = (long) batches.size() * share * epochs;
    System.out.printf(Locale.ROOT,
        "{\"peer\": \"DL4J averaging\", \"net\": \"%s\", \"samples\": %d, \"seconds_job\": %.3f, "
            + "\"submit_to_first_step\": %.3f, \"samples_per_second\": %.1f, \"accuracy\": %.4f}%n",
        net, samples, seconds, first, samples / seconds, accuracy(model, folder));
    sc.stop();
  }

  static MultiLayerConfiguration configuration(String net) {
    var list = new NeuralNetConfiguration.Builder().seed(1).updater(new Adam(0.001)).list();
    OutputLayer output = new OutputLayer.Builder(LossFunction.MCXENT).nOut(10).activation(Activation.SOFTMAX).build();
    if (net.equals("mlp")) {
      return list.layer(new DenseLayer.Builder().nOut(128).activation(Activation.RELU).build()).layer(output)
          .setInputType(InputType.feedForward(784)).build();
    }
    for (int filters : new int[] {20, 50}) {
      list.layer(new ConvolutionLayer.Builder(5, 5).nOut(filters).activation(Activation.RELU).build());
      list.layer(new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX).kernelSize(2, 2).stride(2, 2).build());
    }
    return list.layer(new DenseLayer.Builder().nOut(500).activation(Activation.RELU).build())
        .layer(((OutputLayer.Builder) new OutputLayer.Builder(LossFunction.MCXENT).dropOut(0.5)).nOut(10)
            .activation(Activation.SOFTMAX).build())
        .setInputType(InputType.convolutionalFlat(28, 28, 1)).build();
  }

  static double accuracy(SparkDl4jMultiLayer model, Path folder) throws IOException {
    INDArray x = images(folder.resolve("t10k-images-idx3-ubyte"));
    INDArray y = labels(folder.resolve("t10k-labels-idx1-ubyte")).argMax(1);
    long hits = 0;
    for (long at = 0; at < x.rows(); at += 1000) {
      INDArray answers = model.getNetwork().output(slice(x, at, at + 1000)).argMax(1);
      for (int i = 0; i < 1000; i++) {
        hits += answers.getLong(i) == y.getLong(at + i) ? 1 : 0;
      }
    }
    return hits / (double) x.rows();
  }

  static INDArray slice(INDArray a, long from, long to) {
    return a.get(org.nd4j.linalg.indexing.NDArrayIndex.interval(from, to)).dup();
  }

  static INDArray images(Path file) throws IOException {
    byte[] raw = Files.readAllBytes(file);
    float[] pixels = new float[raw.length - 16];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (raw[16 + i] & 255) / 255f;
    }
    return Nd4j.create(pixels, new int[] {pixels.length / 784, 784});
  }

  static INDArray labels(Path file) throws IOException {
    byte[] raw = Files.readAllBytes(file);
    float[] hot = new float[(raw.length - 8) * 10];
    for (int i = 0; i < raw.length - 8; i++) {
      hot[10 * i + raw[8 + i]] = 1;
    }
    return Nd4j.create(hot, new int[] {raw.length - 8, 10});
  }

  /** Writes the time at which an executor finished its first step into a folder. */
  static final class FirstStep extends BaseTrainingListener implements Serializable {
    private static final AtomicBoolean done = new AtomicBoolean();
    private final String marks;

    FirstStep(String marks) {
      this.marks = marks;
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
      if (done.compareAndSet(false, true)) {
        try {
          Files.writeString(Path.of(marks, "" + ProcessHandle.current().pid()), "" + System.currentTimeMillis() / 1e3);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }
}
